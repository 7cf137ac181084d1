"""Signed links to reports: anyone who has one can read the report for an hour (decisions; F7.8).

A link begins with the configured public URL, never with the Host header of a request. Every wrong link gets the same
answer. Several service processes need the same secret.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

LIFETIME: Final = timedelta(hours=1)
PATH: Final = "/reports/"
_VERSION: Final = "openinspector-report-link-v1"


class ReportLinks:
    """Creates and verifies links. ``secret`` is 32 bytes shared by the installation; ``base`` is its public URL."""

    def __init__(self, secret: bytes, base: str) -> None:
        self._secret = secret
        self._base = base.rstrip("/")

    def make(self, report_id: str, now: datetime) -> str:
        """Return a link to a report that expires `LIFETIME` after ``now``."""
        expires = int((now + LIFETIME).timestamp())
        query = urlencode({"expires": expires, "signature": self._signature(report_id, str(expires))})
        return f"{self._base}{PATH}{report_id}?{query}"

    def is_good(self, report_id: str, expires: str, signature: str, now: datetime) -> bool:
        """Return True if a link was created here for this report and has not expired."""
        given = signature.encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._signature(report_id, expires).encode()):
            return False
        return re.fullmatch(r"[0-9]{1,12}", expires) is not None and now.timestamp() < int(expires)

    def _signature(self, report_id: str, expires: str) -> str:
        signed = f"{_VERSION}\n{report_id}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
