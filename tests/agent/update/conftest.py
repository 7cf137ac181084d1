"""A host with version 1 installed, and a publisher."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.agent.update.installed_host import InstalledHost

from openinspector.testing.simulated_gateway import SimulatedGateway
from openinspector.testing.simulated_releases import SimulatedReleases


@pytest.fixture
def releases(tmp_path: Path) -> SimulatedReleases:
    return SimulatedReleases(tmp_path / "releases")


@pytest.fixture
def installed(tmp_path: Path, gateway: SimulatedGateway, releases: SimulatedReleases) -> Iterator[InstalledHost]:
    host = InstalledHost(folder=tmp_path / "host", at=gateway, releases=releases)
    host.install("1.0", 1)
    yield host
    host.close()


@contextmanager
def agent_lock(state: Path) -> Iterator[None]:
    """Hold the lock a running agent holds."""
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


@pytest.fixture
def running(installed: InstalledHost) -> Iterator[InstalledHost]:
    """The host, with what a running agent shows of itself: its lock."""
    with agent_lock(installed.state):
        yield installed
