"""Builders of hosts' facts for tests: `host(sshd({"permitrootlogin": "yes"}))`."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from openinspector.model.facts import HostFacts
from openinspector.model.inventory import (
    DirectoryMode,
    Group,
    KernelParameters,
    LoginDefinitions,
    OperatingSystem,
    Package,
    PackageManager,
    PamConfiguration,
    PamModule,
    PasswordQuality,
    PasswordState,
    ProcessorFeatures,
    SensorState,
    SensorStatus,
    SshdConfiguration,
    User,
)
from openinspector.model.record import Record

AGENT_ID: Final = "i-0123456789abcdef0"

SENSORS: Final[Mapping[str, tuple[type[Record], ...]]] = MappingProxyType(
    {
        "accounts": (User, Group),
        "dpkg": (Package,),
        "kernel_parameters": (KernelParameters,),
        "login_definitions": (LoginDefinitions,),
        "os_release": (OperatingSystem,),
        "pam": (PamConfiguration,),
        "password_quality": (PasswordQuality,),
        "processor_features": (ProcessorFeatures,),
        "sshd_configuration": (SshdConfiguration,),
        "system_directories": (DirectoryMode,),
    }
)
"""Sensors that a host made by `host` has run, with their record kinds."""

_SSHD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kbdinteractiveauthentication": "no",
        "passwordauthentication": "no",
        "permitrootlogin": "no",
        "usepam": "yes",
    }
)


def host(*records: Record, agent_id: str = AGENT_ID) -> HostFacts:
    """Return a host on which every sensor of `SENSORS` ran completely and found ``records``."""
    kinds = {type(record) for record in records}
    return HostFacts(
        agent_id=agent_id,
        records={
            kind: tuple(r for r in records if type(r) is kind) for kind in sorted(kinds, key=lambda k: k.__name__)
        },
        sensors={
            name: SensorStatus(
                sensor=name,
                state=SensorState.NOT_APPLICABLE if kinds.isdisjoint(sends) else SensorState.OK,
                records=sum(type(record) in sends for record in records),
            )
            for name, sends in SENSORS.items()
        },
    )


def troubled(facts: HostFacts, sensor: str, detail: str, state: SensorState = SensorState.PARTIAL) -> HostFacts:
    """Return ``facts`` with one sensor that could not read everything."""
    status = SensorStatus(sensor=sensor, state=state, records=0, details=(detail,))
    return replace(facts, sensors={**facts.sensors, sensor: status})


def silent(facts: HostFacts, *sensors: str) -> HostFacts:
    """Return ``facts`` without the statuses and records of ``sensors``."""
    lost = {kind for sensor in sensors for kind in SENSORS[sensor]}
    return replace(
        facts,
        records={kind: found for kind, found in facts.records.items() if kind not in lost},
        sensors={name: status for name, status in facts.sensors.items() if name not in sensors},
    )


def sshd(
    values: Mapping[str, str] | None = None, *, version: str = "9.2p1", sources: Mapping[str, str] | None = None
) -> SshdConfiguration:
    """Return an sshd that admits neither root nor passwords, with ``values`` changed."""
    return SshdConfiguration(
        installed=True, version=version, values={**_SSHD, **(values or {})}, sources=dict(sources) if sources else {}
    )


def pam(*lines: str) -> PamConfiguration:
    """Return PAM stacks from lines ``service facility control module arguments…``."""
    return PamConfiguration(modules=tuple(_pam_module(number, line) for number, line in enumerate(lines, start=1)))


def user(name: str, uid: int, password: PasswordState = PasswordState.SET, max_age_days: int | None = None) -> User:
    """Return an account whose primary group has its uid's number."""
    return User(name=name, uid=uid, gid=uid, password=password, max_age_days=max_age_days)


def directory(path: str, mode: int, owner: str = "root:root") -> DirectoryMode:
    """Return a directory of ``user:group``; root has the id 0, others 1000."""
    name, _, group = owner.partition(":")
    ids = [0 if each == "root" else 1000 for each in (name, group)]
    return DirectoryMode(path=path, mode=mode, uid=ids[0], gid=ids[1], owner=name, group=group)


def operating_system(identity: str = "debian", version: str = "12", hostname: str = "web-1") -> OperatingSystem:
    """Return a distribution on x86-64."""
    return OperatingSystem(id=identity, version_id=version, hostname=hostname, architecture="x86_64")


def package(name: str, version: str, manager: PackageManager = PackageManager.DPKG) -> Package:
    """Return an installed package that was built from a source package of its name and version."""
    return Package(
        manager=manager, name=name, version=version, architecture="amd64", source_name=name, source_version=version
    )


def _pam_module(number: int, line: str) -> PamModule:
    service, facility, rest = line.split(None, 2)
    control, _, rest = rest.partition("] ") if rest.startswith("[") else rest.partition(" ")
    module, *arguments = rest.split()
    return PamModule(
        service=service,
        facility=facility,
        control=control + "]" if control.startswith("[") else control,
        module=module,
        arguments=tuple(arguments),
        source=f"/etc/pam.d/{service}:{number}",
    )
