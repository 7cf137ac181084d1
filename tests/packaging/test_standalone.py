"""The agent with an interpreter of its own, as a folder and as one file."""

import json
import re
import stat
import subprocess
import tarfile
from functools import partial
from pathlib import Path

import pytest
from scripts.packages.host_files import glibc_of
from scripts.packages.tree import read_tree
from tests.agent.update.installed_host import wait_for
from tests.packaging.conftest import SignedRelease

from openinspector.agent.registry import sensors

ENVIRONMENT = {"PATH": "/nowhere", "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"}
"""No Python of the host can be found, and none is misled."""


@pytest.fixture(scope="module")
def folder(standalone: SignedRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("standalone")
    with tarfile.open(standalone.file("*-standalone.tar.gz")) as archive:
        archive.extractall(made, filter="data")
    return made


@pytest.fixture(params=["folder", "file"])
def program(request: pytest.FixtureRequest, folder: Path, standalone: SignedRelease) -> Path:
    return folder / "openinspector-agent" if request.param == "folder" else standalone.file("*-linux-*[!z]")


def run(*command: str | Path) -> str:
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout


def any_match(folder: Path, pattern: str) -> bool:
    return any(folder.glob(pattern))


def test_finds_sensors_and_commands(program: Path) -> None:
    assert json.loads(run(program, "sensing", "names")) == list(sensors())
    shown = run(program, "collect", "--dry-run")
    assert "os_release: " in shown
    assert "Nothing was sent" in shown
    assert all(command in run(program, "--help") for command in ("collect", "enrol", "run", "status"))


@pytest.fixture
def single(standalone: SignedRelease) -> Path:
    return standalone.file("*-linux-*[!z]")


def test_single_file_refuses_an_old_glibc(single: Path, tmp_path: Path) -> None:
    getconf = tmp_path / "getconf"
    getconf.write_text("#!/bin/sh\necho glibc 2.12\n")
    getconf.chmod(0o755)
    script = single.read_bytes().replace(b"PATH=/usr/bin", b"PATH=%b:/usr/bin" % bytes(tmp_path), 1)
    program = tmp_path / "program"
    program.write_bytes(script)
    program.chmod(0o755)
    done = subprocess.run([program, "--help"], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 126
    assert re.search(r"needs glibc 2\.\d+ or newer; this host has 2\.12\. Install the package", done.stderr)


def test_single_file_skips_a_folder_without_execution(single: Path, tmp_path: Path) -> None:
    """/dev/shm of a container, or any tmpfs that is mounted noexec, stands for such a /tmp."""
    mounted = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o noexec none "$1" && TMPDIR="$1" "$2" --help', "sh"]
    done = subprocess.run([*mounted, tmp_path, single], capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("mounts cannot be made here")
    assert done.returncode == 0, done.stderr
    assert "collect" in done.stdout


def test_single_file_names_the_reason_if_no_folder_allows_execution(single: Path, tmp_path: Path) -> None:
    script = (
        'for place in "$1" /tmp /var/tmp /run; do mount -t tmpfs -o noexec none "$place" || exit 77; done; '
        'TMPDIR="$1" "$2" --help'
    )
    copy = tmp_path / "copied"
    copy.mkdir()
    program = Path("/dev/shm") / f"openinspector-single-{tmp_path.name}"
    program.write_bytes(single.read_bytes())
    program.chmod(0o755)
    try:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", copy, program], capture_output=True, text=True, check=False
        )
    finally:
        program.unlink()
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("mounts cannot be made here")
    assert done.returncode == 126
    assert "mounted noexec. Set TMPDIR to a folder that allows execution" in done.stderr


def test_single_file_passes_signals_and_status_on_and_cleans_up(single: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    environment = {**ENVIRONMENT, "TMPDIR": str(folder), "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(tmp_path / "state")}
    failed = subprocess.run([single, "no-such-command"], env=environment, capture_output=True, check=False)
    assert failed.returncode == 2
    assert list(folder.iterdir()) == []
    for pattern in ("*", "*/_internal", "*/openinspector-agent"):
        running = subprocess.Popen([single, "collect", "--dry-run"], env=environment, stdout=subprocess.DEVNULL)
        wait_for(partial(any_match, folder, pattern))
        running.terminate()
        assert running.wait(60) != 0
        assert list(folder.iterdir()) == []


def test_excludes_the_service(folder: Path) -> None:
    about = json.loads((folder / "release.json").read_text())
    assert about["runtime"] == "standalone"
    top = {path.name.partition("-")[0].partition(".")[0] for path in (folder / "_internal").iterdir()}
    assert not top & {"sqlalchemy", "boto3", "botocore", "starlette", "yaml", "rich", "click"}


def test_the_packages_ask_for_the_glibc_it_needs(folder: Path, standalone: SignedRelease) -> None:
    """objdump's word against ours, which reads the names of versions out of the files."""
    asked = [(2, 0)]
    for path in folder.rglob("*"):
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
            symbols = subprocess.run(["objdump", "-T", path], capture_output=True, text=True, check=True).stdout
            asked += [(2, int(minor)) for minor in re.findall(r"GLIBC_2\.(\d+)", symbols)]
    baseline = f"2.{max(asked)[1]}"
    assert glibc_of(read_tree(folder)) == baseline
    depends = subprocess.run(
        ["dpkg-deb", "--field", standalone.file("*.deb"), "Depends"], capture_output=True, text=True, check=True
    ).stdout
    assert depends == f"libc6 (>= {baseline})\n"


def test_is_a_newer_build_of_the_same_package(standalone: SignedRelease) -> None:
    fields = subprocess.run(
        ["dpkg-deb", "--field", standalone.file("*.deb")], capture_output=True, text=True, check=True
    )
    assert re.search(r"^Package: openinspector-agent$", fields.stdout, re.MULTILINE)
    assert re.search(r"^Version: [\d.]+\+standalone$", fields.stdout, re.MULTILINE)
    assert stat.S_IMODE(standalone.file("*-linux-*[!z]").stat().st_mode) == 0o755
