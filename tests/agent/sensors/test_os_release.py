import pytest

from openinspector.agent.linux.os_release_file import parse_os_release, parse_release_line
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.os_release import SENSOR
from openinspector.model.inventory import OperatingSystem, SensorState
from openinspector.model.record import Record
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

BOOKWORM = """PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
# a comment
"""


class TestOsRelease(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {"/etc/os-release": Node(link="../usr/lib/os-release"), "/usr/lib/os-release": BOOKWORM}


def only(records: list[Record]) -> OperatingSystem:
    (system,) = records
    assert isinstance(system, OperatingSystem)
    return system


def test_the_distribution_and_the_running_kernel() -> None:
    records, _ = run(SENSOR, FakeHost({"/etc/os-release": BOOKWORM}))
    assert records == [
        OperatingSystem(
            id="debian",
            version_id="12",
            codename="bookworm",
            name="Debian GNU/Linux 12 (bookworm)",
            architecture="x86_64",
            hostname="fake",
            kernel_release="6.1.0-1-amd64",
            kernel_version="#1 SMP Debian 6.1.0-1",
        )
    ]


def test_distribution_with_id_like() -> None:
    files = {"/usr/lib/os-release": 'ID=\'almalinux\'\nVERSION_ID="9.4"\nID_LIKE="rhel centos fedora"\n'}
    system = only(run(SENSOR, FakeHost(files))[0])
    assert (system.id, system.version_id, system.id_like) == ("almalinux", "9.4", ("rhel", "centos", "fedora"))


@pytest.mark.parametrize(
    ("line", "distribution", "version"),
    [
        ("CentOS release 6.10 (Final)", "centos", "6.10"),
        ("Red Hat Enterprise Linux Server release 6.9 (Santiago)", "rhel", "6.9"),
        ("Amazon Linux AMI release 2014.03", "amzn", "2014.03"),
        ("Unheard Of release 3", "unheard", "3"),
    ],
)
def test_legacy_release_files(line: str, distribution: str, version: str) -> None:
    system = only(run(SENSOR, FakeHost({"/etc/redhat-release": f"{line}\n"}))[0])
    assert (system.id, system.version_id, system.name) == (distribution, version, line)


def test_debian_testing_has_a_codename_only() -> None:
    files = {"/etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux"\n', "/etc/debian_version": "forky/sid\n"}
    system = only(run(SENSOR, FakeHost(files))[0])
    assert (system.version_id, system.codename) == ("", "forky")


def test_missing_id_is_reported_with_its_consequence() -> None:
    _, status = run(SENSOR, FakeHost({"/etc/os-release": "NAME=x\n"}))
    assert status.state is SensorState.PARTIAL
    assert "advisories" in status.details[0]


@pytest.mark.parametrize("line", ["a" * 2**20, " release" * 2**17, " release x" * 2**17, " " * 2**20])
def test_mebibyte_without_a_release_takes_one_pass(line: str) -> None:
    assert parse_release_line(line)["VERSION_ID"] == ""


def test_a_release_before_any_name_has_no_id() -> None:
    assert parse_release_line("   release 6")["ID"] == ""


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_mebibyte_value_takes_one_pass(quote: str) -> None:
    value = "x" * 2**20
    assert parse_os_release([f"ID={quote}{value}{quote}"]) == {"ID": value}


JAMMY = 'ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n'
PRO = '{"services": [{"name": "esm-apps", "status": "enabled"}, {"name": "fips", "status": "disabled"}, {"name": 7}]}'


@pytest.mark.parametrize(
    ("status", "extensions"),
    [(PRO, ("esm-apps",)), ("", ()), ("[]", ()), ('{"services": 1}', ()), ("[" * 100_000, ())],
)
def test_services_of_ubuntu_pro_that_are_enabled(status: str, extensions: tuple[str, ...]) -> None:
    files = {"/etc/os-release": JAMMY, "/var/lib/ubuntu-advantage/status.json": status}
    assert only(run(SENSOR, FakeHost(files))[0]).extensions == extensions
    assert only(run(SENSOR, FakeHost({"/etc/os-release": JAMMY}))[0]).extensions == ()
