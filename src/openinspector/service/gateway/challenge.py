"""``POST /agent/v1/challenge``: a nonce for whoever asks; the one request that is not signed."""

from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.wire.message import Challenge


async def challenge(gateway: Gateway, _request: Request) -> Challenge:
    """Give out a nonce."""
    return gateway.nonces.issue(gateway.clock.now())
