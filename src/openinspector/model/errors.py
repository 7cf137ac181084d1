"""The error roots: every error of ours says what happened and what to do."""


class OpenInspectorError(Exception):
    """Root of all errors this project raises on purpose.

    ``advice`` is one sentence that tells a person what to do next; it may be empty
    where the message already does.
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
