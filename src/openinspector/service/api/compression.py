"""Compresses answers of the API, metrics and reports with gzip if the client accepts it (RFC 9110 section 12.5.3).

Compressing a secret can leak it through the length if an attacker chooses text in the same answer and observes many of
them (BREACH, CVE-2013-3587). That is not possible here: no other web site can make a user's browser send a request
of the API, because it is signed, or carries the console's SameSite cookie and its header; answers that hold a secret
(new keys, webhooks and credentials) are shorter than `MIN_BYTES`; a report holds no secret and nothing of the request.

Agents are not offered compression: they inflate nothing that the network sends. Releases are compressed already.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

MIN_BYTES: Final = 2048
_LEVEL: Final = 5
_LEFT_ALONE: Final = ("/agent/", "/releases/")
_PDF: Final = "application/pdf"
"""PDF streams are already compressed."""


class Compression:
    """ASGI middleware that compresses answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(
            app,
            minimum_size=MIN_BYTES,
            compresslevel=_LEVEL,
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, _PDF),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        wanted = scope["type"] == "http" and not scope["path"].startswith(_LEFT_ALONE) and _accepts_gzip(scope)
        await (self._compressed if wanted else self._plain)(scope, receive, send)


def _accepts_gzip(scope: Scope) -> bool:
    """Return True if the client names gzip and does not rule it out with a weight of 0."""
    for coding in Headers(scope=scope).get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False
