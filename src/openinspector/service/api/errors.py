"""Errors on the wire (F11.12, section 11.6): the exceptions of the model, and their mapping from use case errors."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from openinspector.model.errors import OpenInspectorError
from openinspector.service.app.errors import (
    AccessDenied,
    AgentsBusy,
    CodedError,
    CoverageUnavailable,
    InvalidInput,
    InvalidRole,
    LimitExceeded,
    NoSuchEntity,
    NotFound,
    PreviewInProgress,
    ReportUnavailable,
    RunInProgress,
    Unavailable,
)
from openinspector.service.app.temporary_credentials import ExpiredTokenError

INTERNAL_STATUS: Final = 500
CLIENT_STATUS: Final = 400
UNAVAILABLE_NAME: Final = "ServiceTemporarilyUnavailableException"
_UNAVAILABLE_STATUS: Final = 503
_MAX_LISTED: Final = 10
"""Most agents or runs in an error; more set its truncated flag (table 9)."""
_MAX_MESSAGE: Final = 1000


class ApiError(OpenInspectorError):
    """An error answer: exception name, HTTP status, message and further members."""

    def __init__(
        self, exception: str, message: str, *, status: int = CLIENT_STATUS, members: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.exception = exception
        self.status = status
        self.members: Mapping[str, object] = MappingProxyType(dict(members or {}))

    def body(self) -> dict[str, object]:
        """Return the body: `__type`, `message` and the exception's own members."""
        return {"__type": self.exception, "message": str(self)[:_MAX_MESSAGE], **self.members}


def coded(exception: str, message: str, code: str) -> ApiError:
    """Return an exception with an ``errorCode``. Retrying the request does not help."""
    return ApiError(exception, message, members={"errorCode": code, "canRetry": False})


def internal_error() -> ApiError:
    """Return the answer to an internal error; the log has the details."""
    return ApiError(
        "InternalException",
        "The service failed on this request; its log says more.",
        status=INTERNAL_STATUS,
        members={"canRetry": True},
    )


def unavailable(message: str) -> ApiError:
    """Return the answer while a dependency is unavailable (F11.40).

    With 503 instead of 400 botocore repeats the request (F11.10).
    """
    members = {"canRetry": True}
    return ApiError(UNAVAILABLE_NAME, message, status=_UNAVAILABLE_STATUS, members=members)


def api_error(error: OpenInspectorError) -> ApiError:
    """Return the error on the wire for an error of a use case; `internal_error` for an unknown class."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, CodedError):
        exception = next(name for kind, name in _CODED.items() if isinstance(error, kind))
        return coded(exception, str(error), error.code)
    if isinstance(error, ReportUnavailable | CoverageUnavailable):
        return ApiError("UnsupportedFeatureException", str(error), members={"canRetry": False})
    if isinstance(error, Unavailable):
        return unavailable(str(error))
    if type(error) in _PLAIN:
        return ApiError(_PLAIN[type(error)], str(error))
    if isinstance(error, RunInProgress):
        return ApiError(
            "AssessmentRunInProgressException", str(error), members=_listed("assessmentRunArns", error.runs)
        )
    if isinstance(error, AgentsBusy):
        agents = [{"agentId": agent, "assessmentRunArn": run} for agent, run in error.busy]
        return ApiError("AgentsAlreadyRunningAssessmentException", str(error), members=_listed("agents", agents))
    return internal_error()


_CODED: Final[Mapping[type[OpenInspectorError], str]] = MappingProxyType(
    {
        AccessDenied: "AccessDeniedException",
        InvalidInput: "InvalidInputException",
        NoSuchEntity: "NoSuchEntityException",
        LimitExceeded: "LimitExceededException",
        InvalidRole: "InvalidCrossAccountRoleException",
    }
)


_PLAIN: Final[Mapping[type[OpenInspectorError], str]] = MappingProxyType(
    {
        ExpiredTokenError: "ExpiredTokenException",
        NotFound: "ResourceNotFoundException",
        PreviewInProgress: "PreviewGenerationInProgressException",
    }
)
"""Errors that have only a message."""


def _listed(member: str, items: Sequence[object]) -> dict[str, object]:
    return {
        member: list(items[:_MAX_LISTED]),
        f"{member}Truncated": len(items) > _MAX_LISTED,
        "canRetry": True,
    }
