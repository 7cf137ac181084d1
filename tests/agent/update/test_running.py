import subprocess
import sys
from pathlib import Path

import pytest
from tests.agent.update.conftest import agent_lock

from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.update.running import check_idle, is_collecting, is_running, update_lock


def test_an_agent_runs_while_it_holds_its_lock(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with agent_lock(tmp_path):
        assert is_running(tmp_path)
    assert not is_running(tmp_path)


@pytest.mark.parametrize(
    ("record", "collecting"), [('{"phase":"OVER"}', False), ('{"phase":"OPEN"}', True), ("{", True)]
)
def test_a_stream_that_is_not_over_is_a_run(tmp_path: Path, record: str, *, collecting: bool) -> None:
    stream = tmp_path / "spool" / ("0" * 32)
    stream.mkdir(parents=True)
    (stream / "stream.json").write_text(record)
    (tmp_path / "spool" / "quarantine").mkdir()
    assert is_collecting(tmp_path) == collecting


def test_idle_is_running_and_not_collecting(tmp_path: Path) -> None:
    with pytest.raises(UpdateError) as refused:
        check_idle(tmp_path)
    assert refused.value.code is UpdateCode.AGENT_NOT_RUNNING_NO_UPDATE
    with agent_lock(tmp_path):
        check_idle(tmp_path)


def test_the_lock_of_updates_ends_with_its_process(tmp_path: Path) -> None:
    with update_lock(tmp_path), pytest.raises(UpdateError, match="in progress"), update_lock(tmp_path):
        pass
    with update_lock(tmp_path):
        pass


def test_idle_agent_does_not_import_the_updater() -> None:
    """TUF, cryptography with its OpenSSL, urllib3 and what they bring stay in the short process of a pass."""
    heavy = ("tuf", "cryptography", "urllib3", "tarfile")
    code = f"import sys, openinspector.agent.runtime; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
