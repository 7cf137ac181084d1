"""TLS client: POST requests to one gateway over one kept connection; every outcome is a `Reply`.

TLS 1.2 or later; the server's certificate and name are always verified, against only the given authorities if any are
given. No redirects, no cookies, no compression. Through a proxy the tunnel is opened with CONNECT, so that TLS is end
to end.
"""

import base64
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.connection.http_connection import (
    ClosedError,
    CutOffError,
    HttpAnswer,
    HttpConnection,
    HttpError,
    connect,
)
from openinspector.agent.session.reply import Accepted, Refused, Reply, Throttled, Unauthorised, Unreachable
from openinspector.agent.settings.settings import Address, AgentSettingsError, Proxy
from openinspector.model.errors import WireError
from openinspector.model.foreign_text import printable_line
from openinspector.wire.codec import decode_json
from openinspector.wire.envelope import SLOWEST_BYTES_A_SECOND
from openinspector.wire.message import Problem

MAX_REPLY_BYTES: Final = 1024 * 1024
MAX_RETRY_AFTER: Final = 600.0
"""Seconds; a longer wait that the gateway requests is cut to this."""
IDLE_SECONDS: Final = 70.0
"""The service keeps idle connections 75 seconds."""
JSON: Final = "application/json"
OCTETS: Final = "application/octet-stream"

_OK: Final = 200
_UNAUTHORISED: Final = 401
_THROTTLING: Final = (429, 503)
_SHOWN: Final = 500
_PROBLEM: Final = msgspec.json.Decoder(Problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRoute:
    """How to reach the gateway."""

    gateway: Address
    proxy: Proxy | None = None
    timeout: float = 20.0
    """Seconds to connect, and for each read or write."""
    deadline: float = 60.0
    """Seconds for one request with its reply, in addition to the time for its body (`SLOWEST_BYTES_A_SECOND`)."""


def make_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context that trusts ``ca_file``, or the system's authorities without one; AgentSettingsError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return context
    try:
        context.load_verify_locations(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise AgentSettingsError(
            f"the authorities in {ca_file} cannot be read: {error}",
            advice="ca_file is a PEM file with the certificate of the service's authority.",
        ) from error
    return context


class GatewayTransport:
    """One persistent connection to the gateway. Not thread-safe."""

    def __init__(self, route: GatewayRoute, context: ssl.SSLContext, monotonic: Callable[[], float]) -> None:
        self._route = route
        self._context = context
        self._monotonic = monotonic
        self._connection: HttpConnection | None = None
        self._used_at = 0.0
        self.on_progress: Callable[[], object] = lambda: None
        """Called while a request is sent and its reply read, whenever bytes have been transferred."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one request and return its outcome; raises nothing that the network can cause."""
        kept = self._kept()
        try:
            connection = kept or self._open()
            answer = connection.post(path, body, headers, MAX_REPLY_BYTES, self._check_until(len(body)))
        except ClosedError:
            self.close()
            return Unreachable(reason=f"{self._route.gateway} closed the connection.", stale=kept is not None)
        except (OSError, HttpError, ValueError) as error:
            self.close()
            garbled = isinstance(error, HttpError) and not isinstance(error, CutOffError)
            return Unreachable(reason=_sentence(self._route, error), garbled=garbled)
        if answer.reusable:
            self._used_at = self._monotonic()
        else:
            self.close()
        return _reply(answer)

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _kept(self) -> HttpConnection | None:
        if self._connection is not None and self._monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        return self._connection

    def _open(self) -> HttpConnection:
        route = self._route
        through = route.proxy.address if route.proxy else None
        headers = proxy_headers(route.proxy) if route.proxy else {}
        self._connection = connect(route.gateway, through, headers, route.timeout, self._context)
        return self._connection

    def _check_until(self, size: int) -> Callable[[], None]:
        """Return a check that raises once a request with a body of ``size`` has taken too long."""
        until = self._monotonic() + self._route.deadline + size / SLOWEST_BYTES_A_SECOND

        def check() -> None:
            if self._monotonic() > until:
                raise TimeoutError("the request or its reply takes too long")
            self.on_progress()

        return check


def _reply(answer: HttpAnswer) -> Reply:
    if answer.status == _OK:
        return Accepted(body=answer.body)
    problem = _problem(answer.status, answer.body)
    if answer.status == _UNAUTHORISED:
        return Unauthorised(problem=problem)
    if answer.status in _THROTTLING:
        return Throttled(problem=problem, retry_after=_retry_after(answer.headers.get("retry-after")))
    return Refused(status=answer.status, problem=problem)


def _problem(status: int, content: bytes) -> Problem:
    try:
        problem = decode_json(content, _PROBLEM, "the refusal")
    except WireError:
        return Problem(code=f"http-{status}", message=f"the gateway answered {status} without saying why")
    return Problem(
        code=printable_line(problem.code[:_SHOWN]),
        message=printable_line(problem.message[:_SHOWN]),
        advice=printable_line(problem.advice[:_SHOWN]),
    )


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header; None for its date form, which our gateway does not send."""
    if value is None or not value.isascii() or not value.isdigit():
        return None
    return min(float(value[:9]), MAX_RETRY_AFTER)


def proxy_headers(proxy: Proxy) -> dict[str, str]:
    """Return the credentials of a CONNECT request as headers."""
    if proxy.authorization is None:
        return {}
    return {"proxy-authorization": f"Basic {base64.b64encode(proxy.authorization.encode()).decode()}"}


def _sentence(route: GatewayRoute, error: Exception) -> str:
    where = f"{route.gateway} through the proxy {route.proxy.address}" if route.proxy else str(route.gateway)
    if isinstance(error, ssl.SSLCertVerificationError):
        whose = (
            "the service's authority, and does the proxy leave TLS alone" if route.proxy else "the service's authority"
        )
        return f"{where}: its certificate is not trusted: {error.verify_message}. Is ca_file {whose}?"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return f"{where}: what answers there does not speak TLS."
    if isinstance(error, socket.gaierror):
        return f"{where}: the name cannot be resolved: {error.strerror}."
    return f"{where}: {printable_line((str(error) or type(error).__name__)[:_SHOWN])}."
