import pytest

from openinspector.agent.sensor import Incomplete, Sensor
from openinspector.agent.sensors.pacman import DATABASE, SENSOR, parse
from openinspector.model.inventory import Package, PackageManager, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

DESC = b"""%NAME%
gcc-libs

%VERSION%
13.2.1-5

%BASE%
gcc

%ARCH%
x86_64

%LICENSE%
GPL-3.0-with-GCC-exception
GFDL-1.3-or-later

%DEPENDS%
glibc>=2.27
"""
FILES: Files = {
    f"{DATABASE}/ALPM_DB_VERSION": "9\n",
    f"{DATABASE}/gcc-libs-13.2.1-5/desc": DESC,
    f"{DATABASE}/gcc-libs-13.2.1-5/files": "%FILES%\nusr/\n",
}


class TestPacman(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_name_version_and_base() -> None:
    records, status = run(SENSOR, FakeHost(FILES))
    assert records == [
        Package(
            manager=PackageManager.PACMAN,
            name="gcc-libs",
            version="13.2.1-5",
            architecture="x86_64",
            source_name="gcc",
            source_version="13.2.1-5",
        )
    ]
    assert status.state is SensorState.OK


def test_package_without_base_is_its_own_source() -> None:
    package = parse(b"%NAME%\na\n\n%VERSION%\n1:2-3\n", "/x")
    assert isinstance(package, Package)
    assert (package.source_name, package.version) == ("a", "1:2-3")


def test_a_description_without_version_is_reported() -> None:
    assert parse(b"%NAME%\na\n", "/x/desc") == Incomplete(reason="/x/desc has no package name or version.")


def test_unreadable_package_is_reported_and_the_others_are_sent() -> None:
    records, status = run(SENSOR, FakeHost({**FILES, f"{DATABASE}/x-1-1/desc": Node(unreadable=True)}))
    assert len(records) == 1
    assert status.state is SensorState.PARTIAL
    assert f"{DATABASE}/x-1-1/desc" in status.details[0]
