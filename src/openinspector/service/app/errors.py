"""Errors of use cases; `openinspector.service.api.errors` encodes them for the API."""

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.errors import OpenInspectorError


class UseCaseError(OpenInspectorError):
    """Root of the errors that use cases raise."""


class CodedError(UseCaseError):
    """Root of the errors that carry a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidInput(CodedError):  # noqa: N818 - the API's own word
    """An argument that is not allowed; ``code`` is one of F11.45."""


class NoSuchEntity(CodedError):  # noqa: N818
    """An argument names an item that does not exist; ``code`` is one of F11.46."""


class LimitExceeded(CodedError):  # noqa: N818
    """A quota is used up; ``code`` is one of F11.48."""


class AccessDenied(CodedError):  # noqa: N818
    """The service may not use the item that an argument names; ``code`` is one of F11.47."""


class InvalidRole(CodedError):  # noqa: N818
    """A role that cannot be used; ``code`` is one of F11.49."""


class RunNameTaken(InvalidInput):
    """Another run of the template has the name."""


class NotFound(UseCaseError):  # noqa: N818
    """An argument of an extension operation names an item that does not exist."""


class Unavailable(UseCaseError):  # noqa: N818
    """A required external service does not answer; a retry may help."""


class ReportUnavailable(UseCaseError):  # noqa: N818
    """The run cannot have this report, now or later (F7.3, F7.4)."""


class CoverageUnavailable(UseCaseError):  # noqa: N818
    """The packages of the run were destroyed with its telemetry (ADR 66)."""


class PreviewInProgress(UseCaseError):  # noqa: N818
    """A preview of the template is in progress (F8.7)."""

    def __init__(self) -> None:
        super().__init__("An exclusions preview of this template is being made; read that one.")


class RunInProgress(UseCaseError):  # noqa: N818
    """A deletion is refused while these runs are in progress (F4.12, F4.26, F4.37)."""

    def __init__(self, runs: tuple[RunArn, ...]) -> None:
        super().__init__("An assessment run is in progress; stop it, or wait until it ends.")
        self.runs = runs


class AgentsBusy(UseCaseError):  # noqa: N818
    """Agents of the new run take part in another (F4.32)."""

    def __init__(self, busy: tuple[tuple[AgentId, RunArn], ...]) -> None:
        super().__init__(f"{len(busy)} agent(s) already take part in an assessment run in progress.")
        self.busy = busy
