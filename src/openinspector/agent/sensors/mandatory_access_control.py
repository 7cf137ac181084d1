"""The state of AppArmor and SELinux in the running kernel: ``/sys/kernel/security/apparmor``, ``/sys/fs/selinux``."""

import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, encodable, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.hardening import ConfinementSystem, MandatoryAccessControl

APPARMOR: Final = "/sys/kernel/security/apparmor/profiles"
ENFORCING: Final = "/sys/fs/selinux/enforce"
CONFIGURATION: Final = "/etc/selinux/config"
MAX_PROFILES: Final = 2000
_MAX_UNCONFINED: Final = 100
_PROFILE: Final = re.compile(r"(.+) \((\w+)\)")
_POLICY: Final = re.compile(r"^\s*SELINUXTYPE\s*=\s*(\w+)")


def collect(host: Host) -> Iterator[MandatoryAccessControl | Incomplete | Absent]:
    """Yield a record for each system that the kernel has enabled."""
    found = 0
    for read in (_apparmor, _selinux):
        try:
            for record in read(host):
                found += 1
                yield record
        except MISSING:
            continue
        except OSError as error:
            found += 1
            yield unread(APPARMOR if read is _apparmor else ENFORCING, error)
    if not found:
        yield Absent(reason="The kernel has neither AppArmor nor SELinux enabled.")


def _apparmor(host: Host) -> Iterator[MandatoryAccessControl | Incomplete]:
    matches = [found for line in read_lines(host, APPARMOR) if (found := _PROFILE.fullmatch(line.strip()))]
    profiles = tuple((encodable(found[1]), found[2]) for found in matches)
    yield MandatoryAccessControl(
        system=ConfinementSystem.APPARMOR,
        mode="enabled",
        profiles=profiles[:MAX_PROFILES],
        unconfined_processes=_without_profile(host, frozenset(name for name, _ in profiles)),
    )
    if len(profiles) > MAX_PROFILES:
        yield Incomplete(reason=f"AppArmor profiles beyond the first {MAX_PROFILES}: {len(profiles) - MAX_PROFILES}.")


def _selinux(host: Host) -> Iterator[MandatoryAccessControl]:
    enforcing = decode(host.read(ENFORCING, 16)).strip() == "1"
    policy = ""
    try:
        policy = next((found[1] for line in read_lines(host, CONFIGURATION) if (found := _POLICY.match(line))), "")
    except OSError:
        policy = ""
    yield MandatoryAccessControl(
        system=ConfinementSystem.SELINUX,
        mode="enforcing" if enforcing else "permissive",
        policy=policy,
        unconfined_processes=_in_domain(host, "unconfined_service_t"),
    )


def _without_profile(host: Host, profiles: frozenset[str]) -> tuple[str, ...]:
    """Return the programs that run unconfined although a profile of their path is loaded."""
    found: set[str] = set()
    for process in host.processes():
        try:
            label = decode(host.read(f"/proc/{process}/attr/current", 4096)).strip("\0\n ")
            program = host.readlink(f"/proc/{process}/exe")
        except OSError:
            continue
        if label == "unconfined" and program in profiles:
            found.add(encodable(program))
    return tuple(sorted(found)[:_MAX_UNCONFINED])


def _in_domain(host: Host, domain: str) -> tuple[str, ...]:
    found: set[str] = set()
    for process in host.processes():
        try:
            label = decode(host.read(f"/proc/{process}/attr/current", 4096)).strip("\0\n ")
            if f":{domain}:" in f":{label}:":
                found.add(encodable(host.readlink(f"/proc/{process}/exe")))
        except OSError:
            continue
    return tuple(sorted(found)[:_MAX_UNCONFINED])


SENSOR: Final = Sensor(
    name="mandatory_access_control",
    title="AppArmor and SELinux",
    records=(MandatoryAccessControl,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
