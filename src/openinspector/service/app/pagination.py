"""Pagination tokens: opaque, authenticated, valid only for the list that issued them (F11.29)."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.service.app.errors import InvalidInput
from openinspector.service.ports.page import Cursor, PageRequest

DEFAULT_PAGE: Final = 10
MAX_TOKEN: Final = 300
"""Longest token that the API's model allows, in characters."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NONCE: Final = 12
_TIME: Final = 8


class PageTokens:
    """Issues and reads tokens. ``secret`` is 32 bytes that all processes of an installation share."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(secret)
        self._random = random

    def make(self, cursor: Cursor, listing: str) -> str:
        """Return the token for the page after ``cursor``; ``listing`` names the operation and its filter.

        Raises ValueError if the token would be longer than the API accepts.
        """
        micros = (cursor.created_at - _EPOCH) // timedelta(microseconds=1)
        nonce = self._random(_NONCE)
        sealed = self._cipher.encrypt(nonce, micros.to_bytes(_TIME, "big") + cursor.arn.encode(), _scope(listing))
        token = base64.urlsafe_b64encode(nonce + sealed).decode()
        if len(token) > MAX_TOKEN:
            raise ValueError(f"a pagination token of {len(token)} characters; the API accepts at most {MAX_TOKEN}")
        return token

    def read(self, token: str, listing: str) -> Cursor:
        """Return the cursor of a token; InvalidInput unless this service issued it for the same listing."""
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
            plain = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _scope(listing))
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise InvalidInput(
                "INVALID_PAGINATION_TOKEN", "The pagination token is not one of this list; start again without a token."
            ) from error
        moment = _EPOCH + timedelta(microseconds=int.from_bytes(plain[:_TIME], "big"))
        return Cursor(created_at=moment, arn=plain[_TIME:].decode())

    def request(self, wanted: int | None, token: str | None, listing: str, *, default: int, cap: int) -> PageRequest:
        """Return the page that a request asks for; InvalidInput for a size below 1 or another list's token.

        A size above ``cap`` gets a page of ``cap`` rows (ADR 55).
        """
        if wanted is not None and wanted < 1:
            raise InvalidInput("INVALID_MAX_RESULTS", f"maxResults must be at least 1, not {wanted}.")
        after = self.read(token, listing) if token is not None else None
        return PageRequest(limit=min(wanted or default, cap), after=after)


def _scope(listing: str) -> bytes:
    return hashlib.sha256(listing.encode()).digest()
