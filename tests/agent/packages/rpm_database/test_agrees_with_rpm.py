"""The oracle is rpm itself: over databases it made, over real ones, and over one set in every back end.

Debian's rpm writes sqlite and reads Berkeley DB (``bdb_ro``); it knows no ndb, whose reader is held against the others.
"""

import lzma
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.agent.packages.rpm_database import rpm_files

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.packages.rpm_database import bdb, ndb, sqlite
from openinspector.agent.sensors.rpm import SENSOR, split_source
from openinspector.model.errors import SensorError
from openinspector.model.inventory import Package, SensorState
from openinspector.testing.conformance.sensor import run

pytestmark = pytest.mark.skipif(
    shutil.which("rpm") is None or shutil.which("rpmbuild") is None, reason="needs rpm and rpmbuild"
)

SPEC = """Name: {name}
Epoch: {epoch}
Version: 1.{number}
Release: {number}.el9
Summary: {name}
License: MIT
Vendor: Test
BuildArch: noarch
AutoReqProv: no
%description
{description}
%package libs
Version: 2.{number}~rc1
Summary: libs
AutoReqProv: no
%description libs
libs
%install
mkdir -p %{{buildroot}}/usr/share/{name}
for i in $(seq {files}); do echo $i > %{{buildroot}}/usr/share/{name}/file-$i; done
%files
/usr/share/{name}
%files libs
"""
DEFINED = ("--define", "__os_install_post %{nil}")
FORMAT = "%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{SOURCERPM}|%|VENDOR?{%{VENDOR}}:{}|\\n"


def called(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def reported_by_rpm(folder: Path, backend: str) -> list[str]:
    reported = called("rpm", "--dbpath", str(folder), "--define", f"_db_backend {backend}", "-qa", "--qf", FORMAT)
    return sorted(line for line in reported.splitlines() if not line.startswith("gpg-pubkey|"))


def as_rpm_would(package: Package, source: str) -> str:
    epoch, colon, rest = package.version.rpartition(":")
    version, _, release = rest.rpartition("-")
    return "|".join(
        (package.name, epoch if colon else "0", version, release, package.architecture, source, package.vendor)
    )


def found_in(folder: Path, root: Path, place: str) -> list[str]:
    """Return the packages that the sensor finds, with SOURCERPM rebuilt from its parts."""
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, (root / place).parent, dirs_exist_ok=True)
    records, status = run(SENSOR, LocalHost(str(root)))
    assert status.state is SensorState.OK, status.details
    packages = [record for record in records if isinstance(record, Package)]
    return sorted(as_rpm_would(package, package.source_name) for package in packages)


def without_source(lines: Sequence[str]) -> list[str]:
    """Replace SOURCERPM by the name of the source package, else the package's own."""
    changed = []
    for line in lines:
        fields = line.split("|")
        fields[5] = split_source(fields[5])[0] or fields[0]
        changed.append("|".join(fields))
    return sorted(changed)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database made by rpm: headers smaller and far larger than any page."""
    folder = tmp_path_factory.mktemp("rpm")
    for number, (files, description) in enumerate([(1, "x"), (40, "y"), (500, "long " * 15000)], start=1):
        spec = folder / f"{number}.spec"
        spec.write_text(
            SPEC.format(name=f"package{number}", epoch=number - 1, number=number, files=files, description=description)
        )
        called("rpmbuild", "--quiet", *DEFINED, "--define", f"_topdir {folder}/build", "-bb", str(spec))
    packages = sorted(map(str, (folder / "build/RPMS").rglob("*.rpm")))
    (folder / "db").mkdir()
    called("rpm", "--dbpath", str(folder / "db"), "-i", "--justdb", "--nodeps", "--force-debian", *packages)
    return folder / "db"


def test_a_database_rpm_made(made: Path, tmp_path: Path) -> None:
    reported = reported_by_rpm(made, "sqlite")
    assert len(reported) == 6
    assert found_in(made, tmp_path, "var/lib/rpm/rpmdb.sqlite") == without_source(reported)


def test_one_set_in_every_back_end_is_the_same(made: Path, tmp_path: Path) -> None:
    headers = [blob for blob in sqlite.blobs_of_file(str(made / "rpmdb.sqlite")) if isinstance(blob, bytes)]
    assert max(map(len, headers)) > 65536
    assert list(ndb.blobs(rpm_files.ndb(headers))) == headers
    for order in "<>":
        for page_size in (512, 4096, 32768):
            assert list(bdb.blobs(rpm_files.bdb(headers, order, page_size))) == headers
    for name, content in (("Packages.db", rpm_files.ndb(headers)), ("Packages", rpm_files.bdb(headers))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(content)
        found = found_in(folder, tmp_path / f"root-{name}", f"var/lib/rpm/{name}")
        assert found == without_source(reported_by_rpm(made, "sqlite"))


def test_rpm_reads_the_berkeley_db_that_the_tests_write(made: Path, tmp_path: Path) -> None:
    """So that the reader and the writer are not wrong together."""
    headers = [blob for blob in sqlite.blobs_of_file(str(made / "rpmdb.sqlite")) if isinstance(blob, bytes)]
    (tmp_path / "Packages").write_bytes(rpm_files.bdb(headers, page_size=4096))
    assert reported_by_rpm(tmp_path, "bdb_ro") == reported_by_rpm(made, "sqlite")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "file", "backend"),
    [
        ("fedora33.sqlite", "rpmdb.sqlite", "sqlite"),
        ("cbl-mariner-2.0.sqlite", "rpmdb.sqlite", "sqlite"),
        ("fedora33.bdb", "Packages", "bdb_ro"),
        ("libuuid.bdb", "Packages", "bdb_ro"),
    ],
)
def test_every_real_database_rpm_can_read(shared: Path, tmp_path: Path, name: str, file: str, backend: str) -> None:
    folder = tmp_path / "db"
    folder.mkdir()
    (folder / file).write_bytes(lzma.decompress((shared / "data/rpmdb" / f"{name}.xz").read_bytes()))
    reported = reported_by_rpm(folder, backend)
    assert reported
    for extra in folder.glob(f"{file}-*"):
        extra.unlink()
    assert found_in(folder, tmp_path / "root", f"var/lib/rpm/{file}") == without_source(reported)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["fedora33.sqlite", "fedora33.ndb", "fedora33.bdb", "sle15-bci.ndb", "libuuid.bdb"])
def test_headers_of_real_databases_are_the_same_in_every_back_end(shared: Path, name: str) -> None:
    readers = {"sqlite": sqlite.blobs, "ndb": ndb.blobs, "bdb": bdb.blobs}
    data = lzma.decompress((shared / "data/rpmdb" / f"{name}.xz").read_bytes())
    headers = [blob for blob in readers[name.rpartition(".")[2]](data) if not isinstance(blob, SensorError)]
    assert headers
    assert list(sqlite.blobs(rpm_files.sqlite(headers))) == headers
    assert list(ndb.blobs(rpm_files.ndb(headers))) == headers
    assert list(bdb.blobs(rpm_files.bdb(headers, ">", 4096))) == headers
