import os
import sys
import time
from pathlib import Path

import pytest

from openinspector.agent.collection.sensor_process import SensorProcess
from openinspector.agent.registry import sensors
from openinspector.model.errors import SensorError
from openinspector.model.inventory import MonitoringStart, OperatingSystem, SensorStatus
from openinspector.wire.codec import decode_message


def script(folder: Path, text: str) -> SensorProcess:
    path = folder / "process.py"
    path.write_text(text)
    return SensorProcess((sys.executable, str(path)))


def never() -> bool:
    return False


def test_the_names_are_those_of_the_registry() -> None:
    assert SensorProcess().names() == set(sensors())


def test_a_real_sensor_runs_in_its_own_process() -> None:
    messages = list(SensorProcess().collect(("os_release",), 3, never))
    records = [decode_message(message) for message in messages]
    assert isinstance(records[0], MonitoringStart)
    assert records[0].collection == 3
    assert isinstance(records[-1], SensorStatus)
    assert any(isinstance(record, OperatingSystem) for record in records) or records[-1].details


def test_process_does_not_inherit_agent_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENINSPECTOR_AGENT_PROXY", "http://user:secret@proxy:1")
    process = script(
        tmp_path, "import os, json; print(json.dumps([n for n in os.environ if n.startswith('OPENINSPECTOR_')]))"
    )
    assert process.names() == set()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise SystemExit(3)", "ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "ended with status -9"),
        ("print('not json')", "not understood"),
        ("print('{}')", "not understood"),
        ("print('{\"half', end='')", "within a message"),
        ("import sys; sys.stdout.write('x' * 21 * 1024 * 1024)", "too long"),
    ],
)
def test_failed_process_raises(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SensorError, match=message):
        list(script(tmp_path, text).collect(("x",), 1, never))


def test_names_must_be_a_list(tmp_path: Path) -> None:
    for text in ("print('{}')", "", "print('[]'); print('[]')"):
        with pytest.raises(SensorError):
            script(tmp_path, text).names()


def test_a_hanging_process_is_killed_when_it_is_stopped(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    process = script(
        tmp_path,
        f"import os, time, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(600)",
    )
    assert list(process.collect(("x",), 1, pid_file.is_file)) == []
    deadline = time.monotonic() + 20
    while not (pid_file.is_file() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_closing_early_leaves_no_process(tmp_path: Path) -> None:
    line = '{"sensor":"a","kind":"Group","payload":{"name":"x","gid":1}}'
    process = script(tmp_path, f"import sys\nwhile True: print({line!r}, flush=True)")
    found = process.collect(("x",), 1, never)
    next(found)
    found.close()  # type: ignore[attr-defined]  # it is a generator
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_missing_program_raises() -> None:
    with pytest.raises(SensorError, match="cannot be started"):
        SensorProcess(("/absent/program",)).names()
