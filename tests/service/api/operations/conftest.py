"""A caller of an empty installation."""

from pathlib import Path

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing.installation import open_installation


@pytest.fixture
def call(tmp_path: Path) -> Caller:
    return Caller(built=open_installation(tmp_path))
