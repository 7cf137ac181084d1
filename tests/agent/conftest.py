"""Fixtures of the agent's tests: a gateway in miniature with real TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agent.session.session_world import World

from openinspector.testing.simulated_gateway import SimulatedGateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[SimulatedGateway]:
    folder = tmp_path / "gateway"
    folder.mkdir()
    with SimulatedGateway(folder) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def connected(world: World) -> World:
    world.connect()
    return world
