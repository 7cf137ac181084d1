"""Headers of every answer to a browser, the session cookie, and the check that a request is the console's own.

The cookie is SameSite=Strict and cannot be set by another host or without TLS (``__Host-``, RFC 6265bis). A request
that changes something must also be marked by the browser as same-origin (Fetch Metadata), and a call of the API must
carry a header that no form can send.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

COOKIE: Final = "__Host-openinspector"
MARK: Final = "x-openinspector-console"
HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def session_of(request: Request) -> str:
    """Return the session id of a request; empty if it has none."""
    return request.cookies.get(COOKIE, "")


def set_session(response: Response, session_id: str) -> None:
    """Give the browser a session; an empty id takes it away."""
    if session_id:
        response.set_cookie(COOKIE, session_id, path="/", secure=True, httponly=True, samesite="strict")
    else:
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


def is_own_form(request: Request) -> bool:
    """Return True if a form of the console's own pages was sent; a browser without Fetch Metadata sends its origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme == "https" and origin.netloc == request.headers.get("host", "")


def is_own_call(request: Request) -> bool:
    """Return True if the console's script made the request."""
    return request.headers.get("sec-fetch-site") == "same-origin" and request.headers.get(MARK) == "1"
