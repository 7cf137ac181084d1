"""The whole system, stopped after each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.testing.whole_system import WholeSystem


@pytest.fixture
def system(tmp_path: Path) -> Iterator[WholeSystem]:
    made = WholeSystem(tmp_path)
    yield made
    made.processes.stop()
