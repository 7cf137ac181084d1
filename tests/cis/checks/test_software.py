import pytest
from tests.cis.judging import facts, file, judge, unit

from openinspector.model.configuration import UnitState
from openinspector.model.inventory import PackageManager, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.testing.fact_builders import package

TELNET = package("telnet", "1")
RPM = package("bash", "1", PackageManager.RPM)


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("installed:aide", (package("aide", "1"),), "Satisfied"),
        ("installed:cron|cronie", (package("cronie", "1"),), "Satisfied"),
        ("installed:aide", (TELNET,), "Violated"),
        ("absent:telnet", (TELNET,), "Violated"),
        ("absent:telnet", (package("bash", "1"),), "Satisfied"),
        ("xorg_absent", (package("xserver-xorg-core", "1"),), "Violated"),
        ("enabled:cron.service|crond.service", (unit("crond.service"),), "Satisfied"),
        ("enabled:cron.service", (unit("cron.service", UnitState.MASKED),), "Violated"),
        ("enabled:x.service", (unit("x.service", UnitState.STATIC),), "Satisfied"),
        ("enabled:x.service", (), "Inapplicable"),
        ("off:cups.service|cups.socket", (unit("cups.socket"),), "Violated"),
        ("off:cups.service", (unit("cups.service", UnitState.DISABLED),), "Satisfied"),
        ("one_time_service", (unit("chrony.service"),), "Satisfied"),
        ("one_time_service", (unit("chrony.service"), unit("systemd-timesyncd.service")), "Violated"),
        ("one_time_service", (unit("cron.service"),), "Violated"),
        ("ufw?installed:ufw", (unit("nftables.service"), package("bash", "1")), "Inapplicable"),
        ("ufw?installed:ufw", (unit("ufw.service"), package("bash", "1")), "Violated"),
        ("ufw?installed:ufw", (unit("ufw.service"), package("ufw", "1")), "Satisfied"),
        ("signed_packages", (RPM, file("/etc/dnf/dnf.conf", "gpgcheck=1")), "Satisfied"),
        ("signed_packages", (RPM, file("/etc/dnf/dnf.conf", "[main]")), "Violated"),
        (
            "signed_packages",
            (RPM, file("/etc/dnf/dnf.conf", "gpgcheck=1"), file("/etc/yum.repos.d/a.repo", "gpgcheck = 0")),
            "Violated",
        ),
        ("signed_packages", (TELNET,), "Inapplicable"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_a_package_database_that_was_not_read_proves_no_absence() -> None:
    host = facts(package("bash", "1"), incomplete=("dpkg",))
    assert host.sensors["dpkg"] == SensorStatus(
        sensor="dpkg", state=SensorState.PARTIAL, records=1, details=("dpkg was cut off.",)
    )
    assert judge("absent:telnet", package("bash", "1"), incomplete=("dpkg",)) == "Unknown"
    assert judge("off:cups.service", incomplete=("systemd_units",)) == "Unknown"
