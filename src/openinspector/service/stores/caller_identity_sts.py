"""Asks STS: one request, built by this service, to the region's endpoint, over verified TLS, without redirects."""

import ssl
from typing import Final

import httpx

from openinspector.service.ports.caller_identity import CallerIdentityError
from openinspector.wire.caller_identity import BODY, CallerIdentityRequest

MAX_REPLY_BYTES: Final = 16 * 1024
_SECONDS: Final = 5.0
_OK: Final = 200
_REFUSALS: Final = (400, 403)


class StsCallerIdentity:
    """Sends requests to the region's STS, or to ``endpoint`` in tests."""

    def __init__(self, endpoint: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._endpoint = endpoint
        self._client = httpx.Client(
            verify=tls or ssl.create_default_context(), timeout=_SECONDS, follow_redirects=False
        )

    def ask(self, request: CallerIdentityRequest, authorization: str) -> bytes | None:
        """Return the body of a 200 response; None if STS refuses the signature. CallerIdentityError."""
        url = self._endpoint or f"https://{request.host}"
        headers = {**request.headers, "authorization": authorization, "accept-encoding": "identity"}
        try:
            with self._client.stream("POST", f"{url}/", content=BODY, headers=headers) as reply:
                if reply.status_code in _REFUSALS:
                    return None
                if reply.status_code != _OK:
                    raise CallerIdentityError(f"STS answered with HTTP status {reply.status_code}")
                return _bounded(reply)
        except httpx.HTTPError as error:
            raise CallerIdentityError(f"STS cannot be asked: {type(error).__name__}") from error


def _bounded(reply: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in reply.iter_raw():
        body += chunk
        if len(body) > MAX_REPLY_BYTES:
            raise CallerIdentityError(f"STS answered with more than {MAX_REPLY_BYTES} bytes")
    return bytes(body)
