"""The API behind real TLS on loopback, for clients that nobody here wrote."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import botocore.session
import uvicorn
from botocore.config import Config
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from openinspector.service.api.dispatch import routes
from openinspector.service.app.access_keys import FULL_ACCESS, NewAccessKey
from openinspector.service.certificates import ensure_certificates
from openinspector.service.ports.publisher import TopicPublisher
from openinspector.testing.installation import BuiltInstallation, open_installation

REGION = "us-east-1"
_TIMEOUT_SECONDS = 10
ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})
"""Botocore would repeat a LimitExceededException for two seconds (F11.10)."""

_CORE = botocore.session.Session()
_CORE.get_component("data_loader").search_paths.append(str(files("openinspector.service.api").joinpath("models")))
SESSION = boto3.Session(botocore_session=_CORE)


class Listener:
    """A listener whose application each test sets anew: threads and certificates are made once."""

    def __init__(self, url: str, ca: Path) -> None:
        self.url = url
        self.ca = ca
        self.application: ASGIApp = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.application(scope, receive, send)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One installation behind a listener, and the key of someone who may do everything."""

    listener: Listener
    built: BuiltInstallation
    key: NewAccessKey

    @property
    def url(self) -> str:
        return self.listener.url

    def client(
        self,
        key: NewAccessKey | None = None,
        *,
        secret: str = "",
        region: str = REGION,
        config: Config = ONE_ATTEMPT,
        service: str = "inspector",
    ) -> Any:
        """Return a boto3 client; ``secret`` replaces the key's own, ``service`` may be our own ``openinspector``."""
        used = key or self.key
        return SESSION.client(
            service,
            endpoint_url=self.url,
            verify=str(self.listener.ca),
            region_name=region,
            aws_access_key_id=used.id,
            aws_secret_access_key=secret or used.secret,
            config=config,
        )

    def another_key(self, *actions: str) -> NewAccessKey:
        """Make a key for ``actions`` only."""
        return self.built.services.access_keys.create("other", actions)


def open_endpoint(listener: Listener, folder: Path, *, topics: TopicPublisher | None = None, **quotas: int) -> Endpoint:
    """Put a new installation behind ``listener``; its clock stands at the present time, as clients sign it."""
    built = open_installation(folder, now=datetime.now(UTC), topics=topics, cloud=None, needs=None, **quotas)
    listener.application = Starlette(routes=routes(built.services))
    return Endpoint(listener=listener, built=built, key=built.services.access_keys.create("tester", FULL_ACCESS))


@contextmanager
def listening(folder: Path) -> Iterator[Listener]:
    """Listen on a free port of loopback."""
    certificates = ensure_certificates(folder, ["127.0.0.1"], datetime.now(UTC))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listener = Listener(f"https://127.0.0.1:{bound.getsockname()[1]}", certificates.ca)
        config = uvicorn.Config(
            listener,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,  # clients keep their connections
            ssl_certfile=certificates.certificate,
            ssl_keyfile=certificates.key,
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        _await_start(server, thread)
        yield listener
        server.should_exit = True
        thread.join(_TIMEOUT_SECONDS)


def _await_start(server: uvicorn.Server, thread: Thread) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not server.started:
        assert thread.is_alive(), "the listener did not start"
        assert time.monotonic() < deadline, "the listener does not start"
        time.sleep(0.005)
