"""Posts to webhooks: signed, over HTTPS with a verified certificate, in bounded time, without redirects.

The signature is HMAC-SHA256 with the webhook's secret over ``<time>.<body>``; a receiver that also checks the time is
safe from replays. ``docs/howto/notifications.md`` shows how.
"""

import hashlib
import hmac
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpcore

from openinspector import __version__
from openinspector.model.errors import OpenInspectorError
from openinspector.model.notification import PublishStatus
from openinspector.service.notify.network_guard import GuardedBackend, PublishDeadline
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.publisher import Message, Published, WebhookEndpoint

SIGNATURE: Final = "X-OpenInspector-Signature"
DELIVERY: Final = "X-OpenInspector-Delivery"
EVENT: Final = "X-OpenInspector-Event"
MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read and discarded. A longer one ends the connection."""
_DENIED: Final = (401, 403)
_GONE: Final = (404, 410)
_TAKEN: Final = range(200, 300)
_MOVED: Final = range(300, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBounds:
    """Limits on the delivery to a webhook."""

    ca_file: Path | None = None
    """Authority to trust instead of the system's."""
    loopback: bool = False
    """True if receivers may be on this host."""
    seconds: float = 10
    """Time limit for one message, from name lookup to the end of the answer."""


class AuthorityError(OpenInspectorError):
    """The authority to trust cannot be read."""


def sign(secret: str, at: int, body: bytes) -> str:
    """Return the signature header of a body sent at ``at`` (seconds since 1970)."""
    digest = hmac.digest(secret.encode(), b"%d." % at + body, hashlib.sha256)
    return f"t={at},v1={digest.hex()}"


class HttpsWebhookPublisher:
    """A `WebhookPublisher`; one connection for the messages of one call. Making one may raise AuthorityError."""

    def __init__(self, bounds: WebhookBounds, clock: Clock) -> None:
        self._bounds = bounds
        self._clock = clock
        self._tls = _trusting(bounds.ca_file)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    def publish(self, endpoint: WebhookEndpoint, messages: Sequence[Message]) -> Published:
        """Post messages one by one, up to the first that is not accepted."""
        deadline = PublishDeadline(self._bounds.seconds)
        backend = GuardedBackend(deadline, loopback=self._bounds.loopback)
        with httpcore.ConnectionPool(
            ssl_context=self._tls, max_connections=1, http2=False, retries=0, network_backend=backend
        ) as pool:
            for count, message in enumerate(messages):
                deadline.restart()
                try:
                    status = self._post(pool, endpoint, message)
                except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
                    return _unreachable(count, error)
                if status not in _TAKEN:
                    return _refused(count, status)
        return Published(count=len(messages), status=PublishStatus.SUCCESS)

    def _post(self, pool: httpcore.ConnectionPool, endpoint: WebhookEndpoint, message: Message) -> int:
        body = message.body.encode()
        headers = (
            ("Content-Type", "application/json"),
            ("User-Agent", f"openinspector/{__version__}"),
            (SIGNATURE, sign(endpoint.secret, int(self._clock.now().timestamp()), body)),
            (DELIVERY, message.id),
            (EVENT, message.event),
        )
        with pool.stream("POST", endpoint.url, headers=headers, content=body) as response:
            read = 0
            for chunk in response.iter_stream():
                read += len(chunk)
                if read > MAX_ANSWER:
                    break
            return response.status


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise AuthorityError(
            f"the authority of webhooks cannot be read from {ca_file}: {error.strerror or error}",
            advice="Set OPENINSPECTOR_WEBHOOK_CA_FILE to a PEM file this user can read.",
        ) from error


def _refused(count: int, status: int) -> Published:
    kind = PublishStatus.INTERNAL_ERROR
    problem = f"The receiver answered {status}."
    if status in _DENIED:
        kind = PublishStatus.ACCESS_DENIED
    elif status in _GONE:
        kind = PublishStatus.TOPIC_DOES_NOT_EXIST
    elif status in _MOVED:
        problem = f"The receiver answered {status}; redirects are not followed."
    return Published(count=count, status=kind, problem=problem)


def _unreachable(count: int, error: Exception) -> Published:
    problem = f"The receiver cannot be reached: {type(error).__name__}: {str(error)[:300]}."
    return Published(count=count, status=PublishStatus.INTERNAL_ERROR, problem=problem)
