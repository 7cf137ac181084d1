import lzma
from pathlib import Path

import pytest
from tests.agent.packages.rpm_database.rpm_files import Tags, bdb, header, ndb, sqlite

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.packages.rpm_database.database import MAX_SQLITE_BYTES
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.rpm import SENSOR, split_source
from openinspector.model.inventory import Package, PackageManager, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

BASH: Tags = {
    1000: "bash",
    1001: "5.1.8",
    1002: "9.el9",
    1011: "AlmaLinux",
    1022: "x86_64",
    1044: "bash-5.1.8-9.el9.src.rpm",
    1116: [0, 1],
    1117: ["bash", "README"],
    1118: ["/usr/bin/", "/usr/share/doc/bash/"],
}
BIND: Tags = {
    1000: "bind-libs",
    1001: "9.16.23",
    1002: "18.el9",
    1003: [32],
    1022: "x86_64",
    1044: "bind-9.16.23-18.el9.src.rpm",
}
NODE: Tags = {
    **BASH,
    1000: "npm",
    1003: [1],
    1044: "nodejs-18.20.2-1.module_el9.src.rpm",
    5096: "nodejs:18:9040020240420:rhel9",
}
KEY: Tags = {1000: "gpg-pubkey", 1001: "b86b3716", 1002: "61e69f29"}
BLOBS = [header(BASH), header(BIND), header(NODE), header(KEY)]

PACKAGES = [
    Package(
        manager=PackageManager.RPM,
        name="bash",
        version="5.1.8-9.el9",
        architecture="x86_64",
        source_name="bash",
        source_version="5.1.8-9.el9",
        vendor="AlmaLinux",
    ),
    Package(
        manager=PackageManager.RPM,
        name="bind-libs",
        version="32:9.16.23-18.el9",
        architecture="x86_64",
        source_name="bind",
        source_version="32:9.16.23-18.el9",
    ),
    Package(
        manager=PackageManager.RPM,
        name="npm",
        version="1:5.1.8-9.el9",
        architecture="x86_64",
        source_name="nodejs",
        source_version="18.20.2-1.module_el9",
        vendor="AlmaLinux",
        module="nodejs:18:9040020240420:rhel9",
    ),
]
DATABASES = {
    "/var/lib/rpm/rpmdb.sqlite": sqlite(BLOBS),
    "/usr/lib/sysimage/rpm/Packages.db": ndb(BLOBS),
    "/var/lib/rpm/Packages": bdb(BLOBS),
}


class TestRpmOfSqlite(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {"/var/lib/rpm/rpmdb.sqlite": sqlite(BLOBS)}


class TestRpmOfNdb(TestRpmOfSqlite):
    @pytest.fixture
    def files(self) -> Files:
        return {"/usr/lib/sysimage/rpm/Packages.db": ndb(BLOBS)}


class TestRpmOfBdb(TestRpmOfSqlite):
    @pytest.fixture
    def files(self) -> Files:
        return {"/var/lib/rpm/Packages": bdb(BLOBS)}


@pytest.mark.parametrize("path", DATABASES)
def test_the_same_packages_in_every_back_end(path: str) -> None:
    records, status = run(SENSOR, FakeHost({path: DATABASES[path]}))
    assert records == PACKAGES
    assert status.state is SensorState.OK


def test_database_is_opened_in_place(tmp_path: Path) -> None:
    folder = tmp_path / "var/lib/rpm"
    folder.mkdir(parents=True)
    (folder / "rpmdb.sqlite").write_bytes(sqlite(BLOBS))
    before = sorted(folder.iterdir())
    assert run(SENSOR, LocalHost(str(tmp_path)))[0] == PACKAGES
    assert sorted(folder.iterdir()) == before


def test_changes_that_are_still_in_the_log_are_reported() -> None:
    files = {"/var/lib/rpm/rpmdb.sqlite": sqlite(BLOBS), "/var/lib/rpm/rpmdb.sqlite-wal": b"x"}
    records, status = run(SENSOR, FakeHost(files))
    assert records == PACKAGES
    assert status.state is SensorState.PARTIAL
    assert "write-ahead log" in status.details[0]


def test_a_damaged_package_is_reported_and_the_others_are_sent() -> None:
    records, status = run(SENSOR, FakeHost({"/var/lib/rpm/Packages.db": ndb([BLOBS[0], b"short", BLOBS[1]])}))
    assert records == PACKAGES[:2]
    assert status.state is SensorState.PARTIAL


def test_one_database_behind_two_folders_is_read_once() -> None:
    files: Files = {
        "/usr/lib/sysimage/rpm/Packages.db": ndb(BLOBS),
        "/var/lib/rpm": Node(link="../../usr/lib/sysimage/rpm"),
    }
    assert run(SENSOR, FakeHost(files))[0] == PACKAGES


@pytest.mark.parametrize(
    ("file_name", "parts"),
    [
        ("bash-5.1.8-9.el9.src.rpm", ("bash", "5.1.8-9.el9")),
        ("java-1.8.0-openjdk-1.8.0.402-1.el9.src.rpm", ("java-1.8.0-openjdk", "1.8.0.402-1.el9")),
        ("firmware-1-2.nosrc.rpm", ("firmware", "1-2")),
        ("(none)", ("", "")),
        ("a-b.src.rpm", ("", "")),
        ("", ("", "")),
    ],
)
def test_source_file_names(file_name: str, parts: tuple[str, str]) -> None:
    assert split_source(file_name) == parts


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "path", "count", "first"),
    [
        ("fedora33.sqlite", "/var/lib/rpm/rpmdb.sqlite", 9, ("systemd-rpm-macros", "246.6-3.fc33", "systemd")),
        ("fedora33.ndb", "/var/lib/rpm/Packages.db", 3, ("ncurses-devel", "6.1-5.6.2", "ncurses")),
        ("fedora33.bdb", "/var/lib/rpm/Packages", 3, ("rpm", "4.8.0-59.el6", "rpm")),
        ("libuuid.bdb", "/var/lib/rpm/Packages", 1, ("libuuid", "2.32.1-42.el8_8", "util-linux")),
        ("sle15-bci.ndb", "/var/lib/rpm/Packages.db", 35, ("system-user-root", "20190513-3.3.1", "system-user-root")),
        (
            "cbl-mariner-2.0.sqlite",
            "/var/lib/rpm/rpmdb.sqlite",
            129,
            ("mariner-release", "2.0-4.cm2", "mariner-release"),
        ),
    ],
)
def test_real_databases(shared: Path, name: str, path: str, count: int, first: tuple[str, str, str]) -> None:
    """Counts and fields as rpm 4.18 itself prints them (sqlite and bdb; Debian's rpm reads no ndb)."""
    data = lzma.decompress((shared / "data/rpmdb" / f"{name}.xz").read_bytes())
    records, status = run(SENSOR, FakeHost({path: data}))
    packages = [record for record in records if isinstance(record, Package)]
    assert status.state is SensorState.OK
    assert len(packages) == count
    assert (packages[0].name, packages[0].version, packages[0].source_name) == first


def test_a_database_of_an_image_that_is_too_large_for_memory_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "var/lib/rpm/rpmdb.sqlite"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(MAX_SQLITE_BYTES + 1)
    records, status = run(SENSOR, LocalHost(str(tmp_path)))
    assert records == []
    assert status.state is SensorState.PARTIAL
    assert f"larger than {MAX_SQLITE_BYTES} bytes" in status.details[0]


def test_repository_comes_from_the_package_manager_history() -> None:
    log = "2026-01-01 10:00:00|install|bash|5.1.8-9.el9|x86_64||baseos|abc|\n"
    records, _ = run(SENSOR, FakeHost({"/var/lib/rpm/rpmdb.sqlite": sqlite(BLOBS), "/var/log/zypp/history": log}))
    assert [(package.name, package.repository) for package in records if isinstance(package, Package)] == [
        ("bash", "baseos"),
        ("bind-libs", ""),
        ("npm", ""),
    ]
