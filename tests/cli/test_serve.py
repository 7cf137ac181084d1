"""What `openinspector serve` reads, says and refuses; a whole service is tests/scenarios' matter."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.api_answers import RUN
from tests.cli.conftest import Command

from openinspector.cli.serve import settings_from
from openinspector.service.settings import ServiceSettingsError


def test_options_override_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENINSPECTOR_DATA_DIR", "/elsewhere")
    monkeypatch.setenv("OPENINSPECTOR_LISTEN", "127.0.0.1:1")
    assert settings_from(None).data_dir == Path("/elsewhere") or os.geteuid() != 0
    read = settings_from(tmp_path, "127.0.0.1:2")
    assert (read.data_dir, read.listen) == (tmp_path, "127.0.0.1:2")


def test_relative_folder_is_resolved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_from(Path("data")).data_dir == tmp_path / "data"


def test_a_wrong_address_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ServiceSettingsError, match="OPENINSPECTOR_LISTEN"):
        settings_from(tmp_path, "nowhere")


def test_a_folder_in_use_is_refused(command: Command, tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = command("serve", "--data-dir", str(tmp_path), "--listen", "127.0.0.1:0")
    assert done.status == 1
    assert f"another openinspector uses {tmp_path}" in done.err
    assert "OPENINSPECTOR_DATA_DIR" in done.err


def test_a_folder_that_cannot_be_made_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = command("serve", "--data-dir", str(tmp_path / "file" / "data"))
    assert done.status == 1
    assert "OPENINSPECTOR_DATA_DIR" in done.err


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    folder: Path
    process: subprocess.Popen[str]
    output: tuple[str, ...]

    @property
    def url(self) -> str:
        return self.output[0].removeprefix("openinspector serves ")

    @property
    def place(self) -> tuple[str, ...]:
        return ("--endpoint-url", self.url, "--ca-bundle", self.output[1].removeprefix("Authority to trust: "))

    @property
    def key(self) -> tuple[str, str]:
        key_id, secret = (line.strip().partition("=")[2] for line in self.output[3:])
        return key_id, secret


def start(folder: Path, lines: int) -> Served:
    arguments = ("serve", "--data-dir", str(folder), "--listen", "127.0.0.1:0")
    process = subprocess.Popen(
        [sys.executable, "-m", "openinspector.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("OPENINSPECTOR_")},
    )
    assert process.stdout is not None
    output = tuple(process.stdout.readline().rstrip("\n") for _ in range(lines))
    return Served(folder=folder, process=process, output=output)


def stop(served: Served) -> tuple[int, str]:
    """Stop the service; returns its exit status and its output since it was started."""
    served.process.send_signal(signal.SIGTERM)
    rest, _ = served.process.communicate(timeout=60)
    return served.process.returncode, rest


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = start(tmp_path_factory.mktemp("served") / "data", 5)
    yield made
    stop(made)


def use(monkeypatch: pytest.MonkeyPatch, key: tuple[str, str]) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key[1])


def test_shown_key_and_authority_work_with_the_api(
    served: Served, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, served.key)
    listed = command("targets", "list", *served.place)
    assert (listed.status, listed.out[:22]) == (0, "No assessment targets."), listed.err
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", served.key[0])


def test_another_secret_is_refused(served: Served, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, (served.key[0], "another"))
    refused = command("targets", "list", *served.place)
    assert refused.status == 1
    assert "InvalidSignatureException" in refused.err
    use(monkeypatch, ("AKIANOBODY", served.key[1]))
    assert "UnrecognizedClientException" in command("targets", "list", *served.place).err


def test_a_read_only_key_changes_nothing(served: Served, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    made = command("admin", "--data-dir", str(served.folder), "keys", "create", "reader", "--policy", "read-only")
    key_id, secret = (line.partition("=")[2] for line in made.out.splitlines())
    use(monkeypatch, (key_id, secret))
    refused = command("targets", "create", "mine", *served.place)
    assert refused.status == 1
    assert "AccessDeniedException" in refused.err
    assert command("targets", "list", *served.place, "--json").out == "[]\n"


def test_missing_run_is_an_error_without_a_traceback(
    served: Served, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, served.key)
    refused = command("runs", "watch", RUN, *served.place)
    assert refused.status == 1
    assert f"no assessment run {RUN}" in refused.err


def test_cleartext_gets_no_answer(served: Served) -> None:
    host, _, port = served.url.removeprefix("https://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")


def test_exits_cleanly_and_the_next_start_shows_no_secret(tmp_path: Path) -> None:
    status, rest = stop(start(tmp_path / "data", 5))
    assert (status, rest) == (0, "")
    status, rest = stop(start(tmp_path / "data", 2))
    assert (status, rest) == (0, "")
