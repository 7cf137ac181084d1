"""Signed links: anyone who has one can read a report for an hour (decisions; F7.8), or an export for five minutes.

A link begins with the configured public URL, never with the Host header of a request. Every wrong link gets the same
answer. Several service processes need the same secret.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKind:
    """Purpose of links: a link of one kind is worth nothing for another."""

    name: str
    path: str
    lifetime: timedelta


REPORTS: Final = LinkKind(name="openinspector-report-link-v1", path="/reports/", lifetime=timedelta(hours=1))
EXPORTS: Final = LinkKind(name="openinspector-export-link-v1", path="/exports/", lifetime=timedelta(minutes=5))


class SignedLinks:
    """Creates and verifies links. ``secret`` is 32 bytes shared by the installation; ``base`` is its public URL."""

    def __init__(self, secret: bytes, base: str, kind: LinkKind = REPORTS) -> None:
        self._secret = secret
        self._base = base.rstrip("/")
        self._kind = kind

    def make(self, item: str, now: datetime) -> str:
        """Return a link to an item, of characters that a URL may have, that expires after the kind's lifetime."""
        expires = int((now + self._kind.lifetime).timestamp())
        query = urlencode({"expires": expires, "signature": self._signature(item, str(expires))})
        return f"{self._base}{self._kind.path}{item}?{query}"

    def is_good(self, item: str, expires: str, signature: str, now: datetime) -> bool:
        """Return True if a link was created here for this item and has not expired."""
        given = signature.encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._signature(item, expires).encode()):
            return False
        return re.fullmatch(r"[0-9]{1,12}", expires) is not None and now.timestamp() < int(expires)

    def _signature(self, item: str, expires: str) -> str:
        signed = f"{self._kind.name}\n{item}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
