import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.operation.log import Log
from openinspector.agent.operation.log_file import LogFile, LogFileError

SIZE = 100


def line(number: int, length: int = 40) -> str:
    return f"{number:06d}".ljust(length - 1, ".") + "\n"


def numbers(*paths: Path) -> list[int]:
    return [int(text[:6]) for path in paths for text in path.read_text().splitlines()]


def test_lines_are_appended_to_a_file_for_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "new" / "agent.log"
    LogFile(path, SIZE, 3).write(line(1))
    LogFile(path, SIZE, 3).write(line(2))
    assert numbers(path) == [1, 2]
    assert path.stat().st_mode & 0o137 == 0
    assert path.parent.stat().st_mode & 0o027 == 0


def test_files_are_rotated_by_size_and_bounded_in_number(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    log = LogFile(path, SIZE, 3)
    for number in range(20):
        log.write(line(number))
    files = [tmp_path / name for name in ("agent.log.2", "agent.log.1", "agent.log")]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert numbers(*files) == list(range(14, 20))


@given(st.lists(st.integers(min_value=8, max_value=300), max_size=30), st.integers(min_value=1, max_value=4))
def test_newest_lines_are_complete_and_in_order(lengths: list[int], files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.log"
        log = LogFile(path, SIZE, files)
        for number, length in enumerate(lengths):
            log.write(line(number, length))
        log.close()
        names = sorted(Path(folder).iterdir(), reverse=True)
        assert len(names) <= files
        kept = numbers(*names)
        assert kept == list(range(len(lengths) - len(kept), len(lengths)))
        assert all(name.stat().st_size <= max(SIZE, max(lengths, default=0)) for name in names)


@pytest.mark.parametrize("how", ["deleted", "moved", "folder removed"])
def test_removed_file_is_recreated(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log" / "agent.log"
    log = LogFile(path, SIZE, 3)
    log.write(line(1))
    if how == "moved":
        path.rename(tmp_path / "moved")
    else:
        path.unlink()
    if how == "folder removed":
        path.parent.rmdir()
    log.write(line(2))
    assert numbers(path) == [2]


def hostile(path: Path, kind: str) -> None:
    victim = path.with_name("victim")
    victim.write_text("root::0:0\n")
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "second name":
        path.hardlink_to(victim)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.parent.chmod(0o777)


@pytest.mark.parametrize("kind", ["link", "second name", "fifo", "folder", "everyone's folder"])
def test_untrusted_file_is_refused(tmp_path: Path, kind: str) -> None:
    hostile(tmp_path / "agent.log", kind)
    with pytest.raises(LogFileError, match=r"agent\.log cannot be used") as refused:
        LogFile(tmp_path / "agent.log", SIZE, 3)
    assert refused.value.advice
    assert (tmp_path / "victim").read_text() == "root::0:0\n"


def test_link_created_at_run_time_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    log = LogFile(path, SIZE, 3)
    path.unlink()
    hostile(path, "link")
    with pytest.raises(OSError, match="."):
        log.write(line(1))
    assert (tmp_path / "victim").read_text() == "root::0:0\n"
    path.unlink()
    log.write(line(2))
    assert numbers(path) == [2]


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """A disk with no more room, as far as one process can have one: writes beyond ``size`` fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_full_disk_reports_the_number_of_lost_lines(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    log = Log(LogFile(path, 10_000, 2), "info", lambda: datetime(2026, 3, 1, tzinfo=UTC))
    with files_at_most(50):
        for number in range(4):
            log.info("event", number=number)
    log.info("event", number="after")
    lines = path.read_text().splitlines()
    assert lines[0].endswith("event number=0")
    assert "" not in lines
    assert lines[-2:] == [
        "2026-03-01T00:00:00Z warning log dropped lines=3",
        "2026-03-01T00:00:00Z info event number=after",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_standard_error_does_not_stop_the_agent() -> None:
    program = (
        "import sys; from datetime import datetime, UTC; from openinspector.agent.operation.log import Log\n"
        "Log(sys.stderr, 'info', lambda: datetime.now(UTC)).info('x'); print('on it goes')"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", program], stderr=full, stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"on it goes\n"
