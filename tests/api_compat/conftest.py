"""A real boto3 client of a real listener: nothing between them is ours."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.api_compat.endpoint import Endpoint

from openinspector.service.app.access_keys import FULL_ACCESS, NewAccessKey
from openinspector.testing.installation import BuiltInstallation, open_installation

Client = Any
"""botocore makes its clients' methods at run time."""


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    started = Endpoint(tmp_path_factory.mktemp("tls"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session(region_name="us-east-1")


@pytest.fixture
def built(tmp_path: Path, endpoint: Endpoint) -> BuiltInstallation:
    """An empty installation behind the endpoint; its clock stands at the time the client signs with."""
    installation = open_installation(tmp_path, now=datetime.now(UTC))
    endpoint.serve(installation.services)
    return installation


@pytest.fixture
def key(built: BuiltInstallation) -> NewAccessKey:
    return built.services.access_keys.create("alice", FULL_ACCESS)


@pytest.fixture
def client_of(endpoint: Endpoint, session: boto3.Session) -> Iterator[Callable[..., Client]]:
    """Makes clients: by default without retries, with whatever is given otherwise."""
    made: list[Client] = []

    def make(key_id: str, secret: str, **options: Any) -> Client:
        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={}, **options.pop("config", {}))
        client = session.client(
            "inspector",
            endpoint_url=endpoint.url,
            verify=endpoint.ca_file,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=config,
            **options,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(client_of: Callable[..., Client], key: NewAccessKey) -> Client:
    return client_of(key.id, key.secret)
