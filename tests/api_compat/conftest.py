"""One listener for all tests, a new installation behind it for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api_compat.endpoint import Endpoint, Listener, listening, open_endpoint


@pytest.fixture(scope="session")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with listening(tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.fixture
def endpoint(listener: Listener, tmp_path: Path) -> Endpoint:
    return open_endpoint(listener, tmp_path)


@pytest.fixture
def client(endpoint: Endpoint) -> Any:
    return endpoint.client()
