"""Fixtures of every test: where the shared feeds and inventories are, and what happens without them."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("openinspector.testing.conformance")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("OPENINSPECTOR_SHARED", ROOT.parent / "shared"))

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real feeds, inventories and vectors; tests that use it carry the marker ``shared``."""
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked ``shared`` where the folder is absent; under CI its absence is a failure."""
    if (SHARED / "README.md").is_file():
        return
    if os.environ.get("OPENINSPECTOR_REQUIRE_SHARED"):
        raise pytest.UsageError(f"{SHARED} is absent, and OPENINSPECTOR_REQUIRE_SHARED is set")
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason=f"needs the shared folder, absent at {SHARED.name}/"))
