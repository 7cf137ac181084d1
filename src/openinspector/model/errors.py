"""Root classes of errors. Every error states the problem and the remedy."""


class OpenInspectorError(Exception):
    """Root of all errors that this project raises.

    ``advice`` is one sentence with the remedy; empty if the message has it.
    """

    advice: str

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class ModelError(OpenInspectorError):
    """A value that cannot exist: a malformed ARN, an illegal transition."""


class FeedError(OpenInspectorError):
    """An upstream document that cannot be fetched or understood."""


class WireError(OpenInspectorError):
    """A message between agent and service that is malformed, unsigned or too large."""


class SensorError(OpenInspectorError):
    """A sensor that could not collect; becomes a sensor status, never a crash."""


class StoreError(OpenInspectorError):
    """A store that could not read or write."""
