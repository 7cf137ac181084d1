"""The agent of Windows under Wine: `make windows` runs it. Elsewhere it is skipped by name.

It is not a part of `.ci/run`, which has not the time: two minutes, and one more to install Wine.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.windows.runtime import ROOT, assemble
from scripts.windows.wine import WinePrefix, add_stand_ins, missing_programs

REQUIRE = "OPENINSPECTOR_REQUIRE_WINE"
CACHE = "OPENINSPECTOR_WINDOWS_CACHE"
"""Folder for what is fetched once: 40 MB."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.wine)


@pytest.fixture(scope="session")
def agent_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not os.environ.get(REQUIRE):
        pytest.skip("`make windows` runs these tests")
    missing = missing_programs()
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("windows") / "Agent"
    assemble(folder, Path(os.environ.get(CACHE) or ROOT / "build" / "windows"), tests=True)
    add_stand_ins(folder)
    return folder


@pytest.fixture(scope="session")
def windows(
    agent_folder: Path,  # noqa: ARG001 - skips where Wine is absent
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[WinePrefix]:
    made = WinePrefix(tmp_path_factory.mktemp("prefix"))
    yield made
    made.stop()
