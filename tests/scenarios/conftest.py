"""The whole system, stopped after each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.testing.postgresql import new_database
from openinspector.testing.whole_system import WholeSystem


@pytest.fixture
def system_on_postgresql(tmp_path: Path, postgresql_url: str) -> Iterator[WholeSystem]:
    made = WholeSystem(
        tmp_path,
        {
            "OPENINSPECTOR_DATABASE_URL": new_database(postgresql_url),
            "OPENINSPECTOR_WORKFLOW_DATABASE_URL": new_database(postgresql_url),
        },
    )
    yield made
    made.processes.stop()


@pytest.fixture
def system(tmp_path: Path) -> Iterator[WholeSystem]:
    made = WholeSystem(tmp_path)
    yield made
    made.processes.stop()


@pytest.fixture
def system_by_duration(tmp_path: Path) -> Iterator[WholeSystem]:
    made = WholeSystem(tmp_path, {"OPENINSPECTOR_RUN_ENDS": "duration"})
    yield made
    made.processes.stop()
