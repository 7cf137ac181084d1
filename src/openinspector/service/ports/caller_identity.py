"""Identity of the caller who signed a request to STS."""

from typing import Protocol

from openinspector.model.errors import StoreError
from openinspector.wire.caller_identity import CallerIdentityRequest


class CallerIdentityError(StoreError):
    """STS did not answer, or its answer is not valid; try again later."""


class CallerIdentity(Protocol):
    """Asks STS who the caller of a request is."""

    def ask(self, request: CallerIdentityRequest, authorization: str) -> bytes | None:
        """Send exactly this request; return the body of a 200 response, None if STS refuses. CallerIdentityError."""
        ...
