"""The agent with an interpreter of its own, as a folder and as one file."""

import json
import re
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from scripts.packages.host_files import glibc_of
from scripts.packages.tree import read_tree
from tests.packaging.conftest import SignedRelease

from openinspector.agent.registry import sensors

ENVIRONMENT = {"PATH": "/nowhere", "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"}
"""No Python of the host's can be found, and what misleads one misleads nobody."""


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


def test_finds_sensors_and_commands(program: Path) -> None:
    assert json.loads(run(program, "sensing", "names")) == list(sensors())
    shown = run(program, "collect", "--dry-run")
    assert "os_release: " in shown
    assert "Nothing was sent" in shown
    assert all(command in run(program, "--help") for command in ("collect", "enrol", "run", "status"))


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
