"""The API's endpoint in this process, over an empty installation, with keys to it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.routing import Route
from tests.service.api.signing import Signer, as_received, call_headers

from openinspector.service.api.calls import OperationFunction
from openinspector.service.api.dispatch import ApiEndpoint, routes
from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY
from openinspector.testing.fake_clock import EPOCH
from openinspector.testing.installation import BuiltInstallation, open_installation


@dataclass(frozen=True, kw_only=True)
class World:
    """An endpoint with operations of the test's, and keys to it."""

    built: BuiltInstallation
    application: Starlette
    signer: Signer
    reader: Signer

    def call(self, operation: str, body: bytes = b"{}", signer: Signer | None = None) -> Response:
        return self.send(body, call_headers(operation), signer)

    def send(self, body: bytes, headers: Mapping[str, str], signer: Signer | None = None) -> Response:
        return self.post(body, (signer or self.signer).headers(body, EPOCH, headers))

    def post(self, body: bytes | AsyncIterator[bytes], headers: Mapping[str, str], path: str = "/") -> Response:
        """Send as it is, from an event loop of its own."""
        return self.request("POST", path, headers=as_received(headers), content=body)

    def request(self, method: str, path: str, **sent: Any) -> Response:
        async def respond() -> Response:
            transport = ASGITransport(self.application)
            async with AsyncClient(transport=transport, base_url="https://testserver") as client:
                response: Response = await client.request(method, path, **sent)
                return response

        return asyncio.run(respond())

    def with_operation(self, name: str, function: OperationFunction) -> "World":
        """The same with one operation instead of those that are built."""
        endpoint = ApiEndpoint(self.built.services, {name: function})
        return replace(self, application=Starlette(routes=[Route("/", endpoint)]))


def open_world(folder: Path) -> World:
    """Make an installation in ``folder`` with a key that may do everything and one that reads."""
    built = open_installation(folder)
    signers = []
    for user, actions in (("root", FULL_ACCESS), ("reader", READ_ONLY)):
        made = built.services.access_keys.create(user, actions)
        signers.append(Signer(key_id=made.id, secret=made.secret))
    application = Starlette(routes=routes(built.services))
    return World(built=built, application=application, signer=signers[0], reader=signers[1])
