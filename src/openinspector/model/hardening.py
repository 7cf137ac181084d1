"""Records that benchmarks are judged by: configuration files, file attributes, home folders, access control.

The lists of files are closed and built into the agent. No content of keys, hashes or secrets is ever part of a record.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from openinspector.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationLine:
    """One line of a configuration file; comments and empty lines are left out."""

    number: int
    """From 1."""
    text: str
    """Without leading and trailing space. A value that may be a secret is ``(set)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFile(Record):
    """One file of the closed list that benchmarks ask for."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    path: str
    lines: tuple[ConfigurationLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedPaths(Record):
    """Patterns of the paths that a sensor reads: a path that matches none was not looked for, so it is not absent."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    sensor: str
    whole: tuple[str, ...] = ()
    """Patterns (glob) of files whose every line is sent but comments, and of paths whose attributes are sent."""
    partial: tuple[str, ...] = ()
    """Patterns of files of which only some lines are sent."""


class FileKind(StrEnum):
    """Kind of a file."""

    FILE = "FILE"
    DIRECTORY = "DIRECTORY"
    LINK = "LINK"
    OTHER = "OTHER"
    """Device, socket or FIFO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAttributes(Record):
    """Owner and mode of one path of the closed list; links are followed, and ``target`` names the destination."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorDirectoryInfoMsg"

    path: str
    kind: FileKind
    mode: int
    """Permission bits, 0 to 0o7777."""
    uid: int
    gid: int
    owner: str = ""
    """Name of the owner; empty if the user id has none."""
    group: str = ""
    target: str = ""


class AnomalyKind(StrEnum):
    """A fault of a file, anywhere on the host."""

    WORLD_WRITABLE_FILE = "WORLD_WRITABLE_FILE"
    WORLD_WRITABLE_DIRECTORY = "WORLD_WRITABLE_DIRECTORY"
    """Without the sticky bit."""
    UNOWNED = "UNOWNED"
    """The user id has no account."""
    UNGROUPED = "UNGROUPED"
    """The group id has no group."""
    PRIVILEGED = "PRIVILEGED"
    """A program with the set-user-id or set-group-id bit: no anomaly by itself, but one to audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnomalies(Record):
    """Files of one anomaly on the local file systems."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorDirectoryInfoMsg"

    kind: AnomalyKind
    count: int
    paths: tuple[str, ...] = ()
    """The first hundred, sorted; all of them for PRIVILEGED, up to a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFile:
    """A file in a home folder that decides how its user logs in."""

    name: str
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFolder(Record):
    """The home folder of an account that can log in."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorDirectoryInfoMsg"

    user: str
    path: str
    exists: bool
    mode: int = 0
    uid: int = 0
    gid: int = 0
    files: tuple[HomeFile, ...] = ()
    """Its dot files: initialization files, ``.forward``, ``.netrc``, ``.rhosts``, histories."""


class ConfinementSystem(StrEnum):
    """A mandatory access control system of Linux."""

    APPARMOR = "APPARMOR"
    SELINUX = "SELINUX"


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatoryAccessControl(Record):
    """State of a mandatory access control system that the running kernel has enabled."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    system: ConfinementSystem
    mode: str
    """SELinux: ``enforcing`` or ``permissive``. AppArmor: ``enabled``."""
    policy: str = ""
    """Name of the SELinux policy: ``targeted``."""
    profiles: tuple[tuple[str, str], ...] = ()
    """AppArmor profiles with their modes, at most 2,000."""
    unconfined_processes: tuple[str, ...] = ()
    """Programs that run without the profile that is loaded for them (AppArmor), or unconfined (SELinux)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState(Record):
    """State of the running kernel's audit subsystem (``auditctl -s``)."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    enabled: int
    """0 is off, 1 on, 2 on and locked until the next boot."""
    failure: int
    """Reaction of the kernel if it cannot audit: 0 nothing, 1 a message, 2 a panic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRule(Record):
    """An audit rule in force."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    place: int
    """From 1, in the kernel's order."""
    text: str
    """As ``auditctl -l`` prints it."""
