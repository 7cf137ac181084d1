"""Owners and modes of the paths that benchmarks ask for: a closed list. Attributes only, never content."""

from collections.abc import Iterator, Mapping
from typing import Final

from openinspector.agent.host import FileStatus, Host
from openinspector.agent.linux.account_file import GROUP, PASSWD, names_by_id
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.linux.path_pattern import expand_or_note
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.hardening import CollectedPaths, FileAttributes, FileKind

MAX_PATHS: Final = 2000
_AUDIT_TOOLS: Final = ("auditctl", "auditd", "aureport", "ausearch", "autrace", "augenrules", "audispd")
_PATHS: Final = (
    *(f"/etc/{name}{backup}" for name in ("passwd", "group", "shadow", "gshadow") for backup in ("", "-")),
    "/etc/security/opasswd",
    "/etc/security/opasswd.old",
    "/etc/debian_version",
    "/etc/os-release",
    "/etc/redhat-release",
    "/etc/shells",
    "/etc/motd",
    "/etc/issue",
    "/etc/issue.net",
    "/etc/crontab",
    *(f"/etc/cron.{name}" for name in ("hourly", "daily", "weekly", "monthly", "yearly", "d", "allow", "deny")),
    "/etc/at.allow",
    "/etc/at.deny",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/ssh/sshd_config",
    "/etc/ssh/sshd_config.d",
    "/etc/ssh/sshd_config.d/*",
    "/etc/ssh/ssh_host_*",
    "/etc/sysconfig/sshd",
    "/boot/grub/grub.cfg",
    "/boot/grub/menu.lst",
    "/boot/grub2",
    "/boot/grub2/grub.cfg",
    "/boot/grub2/user.cfg",
    "/boot/efi/EFI/*/*.cfg",
    "/etc/audit/auditd.conf",
    "/etc/audit/audit.rules",
    "/etc/audit/rules.d/*",
    *(f"{folder}/{name}" for folder in ("/sbin", "/usr/sbin") for name in _AUDIT_TOOLS),
    "/var/lib/aide/aide.db",
    "/var/lib/aide/aide.db.gz",
    "/var/log",
    "/var/log/*",
    "/var/log/*/*",
    "/var/log/journal/*/*.journal",
    # Content asks by them whether the system is a container, and which units there are.
    "/.dockerenv",
    "/run/.containerenv",
    "/usr/lib/systemd/system/auditd.service",
)


def collect(host: Host) -> Iterator[FileAttributes | CollectedPaths | Incomplete | Absent]:
    """Yield the attributes of each existing path, and the patterns of all."""
    users, groups = names_by_id(host, PASSWD), names_by_id(host, GROUP)
    problems: list[Incomplete] = []
    paths = dict.fromkeys(path for pattern in _PATHS for path in expand_or_note(host, pattern, problems))
    found = [(path, status) for path in paths if (status := _status(host, path, problems)) is not None]
    for path, status in found[:MAX_PATHS]:
        yield _attributes(host, path, status, (users, groups))
    if found:
        yield CollectedPaths(sensor="file_attributes", whole=_PATHS)
    yield from problems
    if len(found) > MAX_PATHS:
        yield Incomplete(reason=f"Paths beyond the first {MAX_PATHS} were left out: {len(found) - MAX_PATHS}.")
    if not found and not problems:
        yield Absent(reason="This host has none of the paths.")


def _status(host: Host, path: str, problems: list[Incomplete]) -> FileStatus | None:
    try:
        return host.status(path)
    except MISSING:
        return None
    except OSError as error:
        problems.append(unread(path, error))
        return None


def _attributes(
    host: Host, path: str, status: FileStatus, names: tuple[Mapping[int, str], Mapping[int, str]]
) -> FileAttributes:
    users, groups = names
    return FileAttributes(
        path=encodable(path),
        kind=FileKind.DIRECTORY if status.is_directory else FileKind.FILE if status.is_file else FileKind.OTHER,
        mode=status.mode,
        uid=status.uid,
        gid=status.gid,
        owner=encodable(users.get(status.uid, "")),
        group=encodable(groups.get(status.gid, "")),
        target=_target(host, path),
    )


def _target(host: Host, path: str) -> str:
    try:
        return encodable(host.readlink(path))
    except OSError:
        return ""


SENSOR: Final = Sensor(
    name="file_attributes",
    title="Owners and modes of files that benchmarks ask for",
    records=(FileAttributes, CollectedPaths),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
