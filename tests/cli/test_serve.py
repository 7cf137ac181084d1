"""What `openinspector serve` reads, says and refuses; a whole service is tests/scenarios' matter."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from openinspector.cli.serve import settings_from
from openinspector.service.settings import SettingsError


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENINSPECTOR_DATA_DIR", "/elsewhere")
    monkeypatch.setenv("OPENINSPECTOR_LISTEN", "127.0.0.1:1")
    assert settings_from(None).data_dir == Path("/elsewhere") or os.geteuid() != 0
    read = settings_from(tmp_path, "127.0.0.1:2")
    assert (read.data_dir, read.listen) == (tmp_path, "127.0.0.1:2")


def test_a_relative_folder_is_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_from(Path("data")).data_dir == tmp_path / "data"


def test_a_wrong_address_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OPENINSPECTOR_LISTEN"):
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


@pytest.fixture
def served(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(tmp_path / "data")
    yield process
    stop(process)


def start(folder: Path) -> subprocess.Popen[str]:
    arguments = ("serve", "--data-dir", str(folder), "--listen", "127.0.0.1:0")
    return subprocess.Popen(
        [sys.executable, "-m", "openinspector.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode


def said(process: subprocess.Popen[str], lines: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(lines)]


def test_it_says_where_it_is_whom_to_trust_and_the_key_once(
    served: subprocess.Popen[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1. the first start shows the key
    shown = said(served, 5)
    url = shown[0].removeprefix("openinspector serves ")
    ca_file = shown[1].removeprefix("Authority to trust: ")
    key, secret = (line.strip().partition("=")[2] for line in shown[3:])
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key)

    # 2. the key and the authority are good for the API
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    place = ("--endpoint-url", url, "--ca-bundle", ca_file)
    listed = command("targets", "list", *place)
    assert (listed.status, listed.out[:22]) == (0, "No assessment targets."), listed.err

    # 3. another secret is not
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    refused = command("targets", "list", *place)
    assert refused.status == 1
    assert "InvalidSignatureException" in refused.err

    # 4. who speaks no TLS gets no answer
    host, _, port = url.removeprefix("https://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")

    # 5. it ends well, and the next start shows no secret
    assert stop(served) == 0
    again = start(tmp_path / "data")
    said(again, 2)
    again.send_signal(signal.SIGTERM)
    rest, _ = again.communicate(timeout=60)
    assert "AWS_SECRET_ACCESS_KEY" not in rest
