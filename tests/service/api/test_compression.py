import asyncio
import gzip
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from openinspector.service.api.compression import MIN_BYTES, Compression

LONG = b"The same again. " * 1000


async def answer(request: Request) -> Response:
    kind = request.query_params.get("kind", "application/x-amz-json-1.1")
    if "short" in request.query_params:
        return Response(LONG[: MIN_BYTES - 1], media_type=kind)
    if "stream" in request.query_params:
        pieces = (LONG[start : start + 1000] for start in range(0, len(LONG), 1000))
        return StreamingResponse(pieces, media_type=kind, headers={"content-length": str(len(LONG))})
    return Response(LONG, media_type=kind)


@dataclass(frozen=True, kw_only=True)
class Answer:
    headers: httpx.Headers
    body: bytes


def get(path: str, accept: str = "gzip") -> Answer:
    async def ask() -> Answer:
        app = Compression(Starlette(routes=[Route("/{path:path}", answer)]))
        transport = httpx.ASGITransport(app=app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="https://service.example") as client,
            client.stream("GET", path, headers={"accept-encoding": accept}) as response,
        ):
            return Answer(headers=response.headers, body=b"".join([part async for part in response.aiter_raw()]))

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/", "/metrics", "/reports/1?stream=1&kind=text/html"])
@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.5", "br, gzip", "gzip;q=1.0"])
def test_a_client_that_accepts_it_gets_gzip(path: str, accept: str) -> None:
    response = get(path, accept)
    assert response.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in response.headers["vary"].lower()
    body = response.body
    assert gzip.decompress(body) == LONG
    assert int(response.headers.get("content-length", len(body))) == len(body) < len(LONG) // 10


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        *((path, accept) for path in ("/", "/reports/1?stream=1") for accept in ("identity", "", "gzip;q=0", "br")),
        *((path, "gzip") for path in ("/?short=1", "/agent/v1/heartbeat", "/releases/a", "/?kind=application/pdf")),
    ],
)
def test_other_answers_are_sent_as_they_are(path: str, accept: str) -> None:
    response = get(path, accept)
    assert "content-encoding" not in response.headers
    assert LONG.startswith(response.body)
