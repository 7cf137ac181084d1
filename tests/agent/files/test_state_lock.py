import os
import subprocess
import sys
from pathlib import Path

import pytest

from openinspector.agent.files.state_lock import (
    LOCK_FILE,
    AlreadyRunningError,
    RunningAgent,
    StateDirectoryError,
    running_agent,
    take_lock,
)


def test_lock_is_exclusive(tmp_path: Path) -> None:
    assert running_agent(tmp_path) is None
    descriptor = take_lock(tmp_path)
    assert running_agent(tmp_path) == RunningAgent(pid=os.getpid())
    with pytest.raises(AlreadyRunningError, match="already running") as refused:
        take_lock(tmp_path)
    assert refused.value.advice
    os.close(descriptor)
    assert running_agent(tmp_path) is None
    os.close(take_lock(tmp_path))


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    program = (
        f"from pathlib import Path; from openinspector.agent.files.state_lock import take_lock; import os, signal\n\
take_lock(Path({str(tmp_path)!r})); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert (tmp_path / LOCK_FILE).read_text().strip().isdigit()
    assert running_agent(tmp_path) is None


@pytest.mark.parametrize("content", ["", "x", "-1", "9" * 100])
def test_lock_with_invalid_content_is_held(tmp_path: Path, content: str) -> None:
    descriptor = take_lock(tmp_path)
    (tmp_path / LOCK_FILE).write_text(content)
    assert running_agent(tmp_path) is not None
    os.close(descriptor)


def test_inspecting_the_lock_does_not_block_an_agent(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("")
    program = f"import fcntl, time\nf = open({str(tmp_path / LOCK_FILE)!r})\nfcntl.flock(f, fcntl.LOCK_SH)\n\
print('held', flush=True)\ntime.sleep(0.3)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline() == b"held\n"
        os.close(take_lock(tmp_path))


def test_a_state_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StateDirectoryError, match="cannot be used"):
        take_lock(tmp_path / "state")
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateDirectoryError, match="cannot be used"):
        take_lock(tmp_path)
    assert not (tmp_path / "elsewhere").exists()
