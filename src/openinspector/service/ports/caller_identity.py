"""Who signed a request to STS: asked of STS itself."""

from typing import Protocol

from openinspector.model.errors import StoreError
from openinspector.wire.caller_identity import CallerIdentityRequest


class CallerIdentityError(StoreError):
    """STS cannot be asked, or answers nothing that can be believed: try again later."""


class CallerIdentity(Protocol):
    """Asks STS who the caller of a request is."""

    def ask(self, request: CallerIdentityRequest, authorization: str) -> bytes | None:
        """Send exactly this request; return the body of STS's 200, None where STS refuses; CallerIdentityError."""
        ...
