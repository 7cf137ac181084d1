"""Builders of hosts and verdicts for the tests of check families."""

from openinspector.cis.catalogue import checks
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Verdict, combine
from openinspector.model.configuration import SystemdUnit, UnitState
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import ConfigurationFile, ConfigurationLine
from openinspector.model.inventory import SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.model.tailoring import AS_PUBLISHED, Tailoring

SENSORS = (
    "accounts",
    "audit_rules",
    "configuration_files",
    "dpkg",
    "file_anomalies",
    "file_attributes",
    "firewall",
    "home_folders",
    "kernel_modules",
    "kernel_parameters",
    "login_definitions",
    "mandatory_access_control",
    "mounts",
    "os_release",
    "pam",
    "password_quality",
    "rpm",
    "sshd_configuration",
    "systemd_units",
    "windows_os",
    "windows_registry",
    "windows_security_policy",
    "windows_users",
)


def facts(*records: Record, incomplete: tuple[str, ...] = ()) -> HostFacts:
    """Return a host from which every sensor read everything, but for those that are ``incomplete``."""
    kinds = dict.fromkeys(type(record) for record in records)
    return HostFacts(
        agent_id="i-1",
        records={kind: tuple(record for record in records if type(record) is kind) for kind in kinds},
        sensors={
            name: SensorStatus(
                sensor=name,
                state=SensorState.PARTIAL if name in incomplete else SensorState.OK,
                records=1,
                details=(f"{name} was cut off.",) if name in incomplete else (),
            )
            for name in SENSORS
        },
    )


def judge(name: str, *records: Record, incomplete: tuple[str, ...] = (), tailoring: Tailoring = AS_PUBLISHED) -> str:
    """Return the class name of the verdict of a check of the catalogue."""
    return type(verdict(name, *records, incomplete=incomplete, tailoring=tailoring)).__name__


def verdict(
    name: str, *records: Record, incomplete: tuple[str, ...] = (), tailoring: Tailoring = AS_PUBLISHED
) -> Verdict:
    """Return the verdict of a check of the catalogue."""
    host = JudgedHost(facts(*records, incomplete=incomplete), tailoring)
    return combine((check.judge(host) for check in checks(name)), name)


def file(path: str, *lines: str) -> ConfigurationFile:
    """Return a configuration file."""
    return ConfigurationFile(
        path=path, lines=tuple(ConfigurationLine(number=n, text=text) for n, text in enumerate(lines, start=1))
    )


def unit(name: str, state: UnitState = UnitState.ENABLED) -> SystemdUnit:
    """Return a unit file."""
    return SystemdUnit(name=name, state=state, folder="/usr/lib/systemd/system")
