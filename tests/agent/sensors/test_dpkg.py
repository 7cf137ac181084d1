import shutil
import subprocess
from pathlib import Path

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Incomplete, Sensor
from openinspector.agent.sensors.dpkg import SENSOR, STATUS, STATUS_FOLDER, parse
from openinspector.model.inventory import Package, PackageManager, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

STATUS_FILE = b"""Package: bash
Essential: yes
Status: install ok installed
Priority: required
Architecture: amd64
Version: 5.2.15-2+b7
Source: bash (5.2.15-2)
Description: GNU Bourne Again SHell
 Package: not a field
 .
 Version: neither

Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u4

Package: vim
Status: deinstall ok config-files
Architecture: amd64
Version: 2:9.0.1378-2
"""


def package(name: str, version: str, source: str, source_version: str) -> Package:
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture="amd64",
        source_name=source,
        source_version=source_version,
    )


class TestDpkg(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {STATUS: STATUS_FILE, f"{STATUS_FOLDER}/tzdata": "Package: tzdata\nVersion: 2024a-0\n"}


def test_names_versions_and_sources() -> None:
    assert list(parse(STATUS_FILE)) == [
        package("bash", "5.2.15-2+b7", "bash", "5.2.15-2"),
        package("libc6", "2.36-9+deb12u4", "glibc", "2.36-9+deb12u4"),
    ]


@pytest.mark.parametrize(
    ("state", "is_there"),
    [
        ("installed", True),
        ("unpacked", True),
        ("half-configured", True),
        ("half-installed", True),
        ("triggers-awaited", True),
        ("triggers-pending", True),
        ("config-files", False),
        ("not-installed", False),
    ],
)
def test_package_counts_while_its_files_are_present(state: str, *, is_there: bool) -> None:
    found = list(parse(f"Package: p\nStatus: install ok {state}\nVersion: 1\n".encode()))
    assert bool(found) is is_there


def test_stanzas_without_a_version_are_counted() -> None:
    found = list(parse(b"Package: p\nStatus: install ok installed\n\nnonsense\n\nPackage: q\nVersion: 1\n"))
    assert [type(item) for item in found] == [Package, Incomplete]
    assert found[1] == Incomplete(reason=f"Stanzas in {STATUS} without a package name and version: 2.")


def test_images_without_dpkg_keep_one_file_for_each_package() -> None:
    files = {
        f"{STATUS_FOLDER}/base": b"Package: base-files\nArchitecture: amd64\nVersion: 12.4\n",
        f"{STATUS_FOLDER}/base.md5sums": b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/os-release\n",
    }
    records, status = run(SENSOR, FakeHost(files))
    assert records == [package("base-files", "12.4", "base-files", "12.4")]
    assert status.state is SensorState.OK


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="dpkg-query is absent: no oracle")
def test_agrees_with_dpkg_query(tmp_path: Path) -> None:
    """Both read a copy of this host's database: an apt run may change the database itself at any time."""
    database = tmp_path / "var" / "lib" / "dpkg"
    for folder in ("info", "triggers", "updates"):
        (database / folder).mkdir(parents=True)
    shutil.copy(STATUS, database / "status")
    fields = "${db:Status-Status}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\n"
    command = ["dpkg-query", "--admindir", str(database), "-W", "-f", fields]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    rows = [line.split("|") for line in printed.splitlines()]
    wanted = {tuple(row[1:]) for row in rows if row[0] not in ("config-files", "not-installed")}
    records, status = run(SENSOR, LocalHost(str(tmp_path)))
    packages = [record for record in records if isinstance(record, Package)]
    found = {(p.name, p.version, p.architecture, p.source_name, p.source_version) for p in packages}
    assert found == wanted
    assert len(packages) == len(wanted)
    assert status.state is SensorState.OK


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\r", b" \t\r"])
def test_mebibyte_of_blanks_in_a_value_takes_one_pass(blank: bytes) -> None:
    blanks = blank * (2**20 // len(blank))
    (found,) = parse(b"Package: x\nVersion: a" + blanks + b"b" + blanks + b"\n")
    assert isinstance(found, Package)
    assert (found.name, found.version) == ("x", f"a{blanks.decode()}b")
