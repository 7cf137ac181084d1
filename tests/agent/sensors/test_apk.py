import pytest

from openinspector.agent.sensor import Incomplete, Sensor
from openinspector.agent.sensors.apk import DATABASES, SENSOR, parse
from openinspector.model.inventory import Package, PackageManager, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

INSTALLED = b"""C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:libssl3
V:3.1.4-r5
A:x86_64
S:244930
o:openssl
t:1708085921
F:lib
R:libssl.so.3
a:0:0:755
Z:Q1
F:usr
F:usr/lib

P:musl
V:1.2.4_git20230717-r4
A:x86_64
"""


class TestApk(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {DATABASES[0]: INSTALLED}


def test_names_versions_and_origins() -> None:
    packages = [item for item in parse(INSTALLED) if isinstance(item, Package)]
    assert [(p.manager, p.name, p.version, p.architecture, p.source_name, p.source_version) for p in packages] == [
        (PackageManager.APK, "libssl3", "3.1.4-r5", "x86_64", "openssl", "3.1.4-r5"),
        (PackageManager.APK, "musl", "1.2.4_git20230717-r4", "x86_64", "musl", "1.2.4_git20230717-r4"),
    ]


def test_an_entry_without_version_is_counted() -> None:
    assert list(parse(b"P:broken\nA:x86_64\n\nF:lib\nP:file\nV:1\n")) == [
        Incomplete(reason=f"Entries in {DATABASES[0]} without a package name and version: 2.")
    ]


def test_apk_3_database_below_usr_is_read_once() -> None:
    files: Files = {DATABASES[1]: INSTALLED, "/lib": Node(link="usr/lib")}
    records, status = run(SENSOR, FakeHost(files))
    assert [record.name for record in records if isinstance(record, Package)] == ["libssl3", "musl"]
    assert status.state is SensorState.OK
