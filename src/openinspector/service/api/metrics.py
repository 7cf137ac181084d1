"""``GET /metrics`` for Prometheus; requires the installation's token.

The listener serves agents and clients, which must not see the metrics of the installation. The token is in the
data folder, for Prometheus' ``authorization: credentials_file``.
"""

import hmac
from collections.abc import Iterable
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH: Final = "/metrics"
_UNAUTHORIZED: Final = 401


class MetricSource(Protocol):
    """A source of metrics."""

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics."""
        ...


def routes(registry: CollectorRegistry, others: Iterable[MetricSource], token: str) -> list[Route]:
    """Return the route; ``others`` are scraped after the registry."""
    expected = f"Bearer {token}".encode()
    collectors = (registry, *others)

    async def metrics(request: Request) -> Response:
        """Answer a request (ASGI endpoint)."""
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            refused = "Send the token of metrics.token in the data folder: Authorization: Bearer ...\n"
            return PlainTextResponse(refused, _UNAUTHORIZED, {"www-authenticate": "Bearer"})
        content = await run_in_threadpool(lambda: b"".join(generate_latest(one) for one in collectors))
        return Response(content, media_type=CONTENT_TYPE_LATEST)

    return [Route(PATH, metrics, methods=["GET"])]
