"""An empty installation of the test's own."""

from pathlib import Path

import pytest

from openinspector.testing.installation import BuiltInstallation, open_installation


@pytest.fixture
def built(tmp_path: Path) -> BuiltInstallation:
    return open_installation(tmp_path)
