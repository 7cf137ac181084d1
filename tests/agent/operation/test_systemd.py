import os
import secrets
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from openinspector.agent.operation.systemd import ServiceNotifier, is_journal, service_notifier


@pytest.fixture
def listener() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.settimeout(5)
    return made


def test_messages_follow_the_sd_notify_protocol(listener: socket.socket, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    listener.bind(address)
    notifier = ServiceNotifier(address, 10.0)
    notifier.ready()
    notifier.status("IDLE: in touch")
    notifier.status("IDLE: in touch")
    notifier.alive()
    notifier.status("a\nMAINPID=1")
    notifier.stopping()
    sent = [listener.recv(4096).decode() for _ in range(5)]
    assert sent == ["READY=1", "STATUS=IDLE: in touch", "WATCHDOG=1", "STATUS=a\ufffdMAINPID=1", "STOPPING=1"]


def test_a_long_request_notifies_the_watchdog_three_times_per_period(listener: socket.socket, tmp_path: Path) -> None:
    listener.bind(str(tmp_path / "notify"))
    listener.setblocking(False)
    seconds = [0.0]
    notifier = ServiceNotifier(str(tmp_path / "notify"), 300.0, lambda: seconds[0])
    notifier.alive()
    sent = 0
    for second in range(300):
        seconds[0] = float(second)
        notifier.moving()
        with suppress(BlockingIOError):
            assert listener.recv(100) == b"WATCHDOG=1"
            sent += 1
    assert sent == 3
    ServiceNotifier(str(tmp_path / "notify")).moving()
    with pytest.raises(BlockingIOError):
        listener.recv(100)


def test_abstract_addresses(listener: socket.socket) -> None:
    name = f"openinspector-{secrets.token_hex(8)}"
    listener.bind(f"\0{name}")
    service_notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
    assert listener.recv(100) == b"READY=1"


def test_missing_listener_is_ignored(tmp_path: Path) -> None:
    for address in (None, str(tmp_path / "absent"), "x" * 500):
        notifier = ServiceNotifier(address, 1.0)
        notifier.ready()
        notifier.alive()


def test_a_listener_that_reads_nothing_does_not_block(listener: socket.socket, tmp_path: Path) -> None:
    listener.bind(str(tmp_path / "notify"))
    notifier = ServiceNotifier(str(tmp_path / "notify"), 1.0)
    for _ in range(5000):
        notifier.alive()


@pytest.mark.parametrize(
    ("variables", "wait"),
    [
        ({}, 300.0),
        ({"WATCHDOG_USEC": "30000000"}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 300.0),
        ({"WATCHDOG_USEC": "0"}, 300.0),
        ({"WATCHDOG_USEC": "soon"}, 300.0),
        ({"WATCHDOG_USEC": "900000000000"}, 300.0),
    ],
)
def test_agent_notifies_the_watchdog_three_times_per_period(variables: dict[str, str], wait: float) -> None:
    assert service_notifier(variables).longest_wait(300.0) == wait


def test_the_journal_is_distinguished_from_other_standard_errors() -> None:
    with tempfile.TemporaryFile() as file:
        found = os.fstat(file.fileno())
        assert is_journal({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}, file.fileno())
        assert not is_journal({"JOURNAL_STREAM": "1:2"}, file.fileno())
        assert not is_journal({}, file.fileno())
    assert not is_journal({"JOURNAL_STREAM": "1:2"}, 9999)
