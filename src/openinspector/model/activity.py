"""Records of a host's activity: processes, their code, connections, sessions, performance (F3.13 to F3.16).

Each record describes the moment of its collection. Sizes are bytes; times are seconds since 1970-01-01.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from openinspector.model.record import Record


class ImageState(StrEnum):
    """Relation of a running file to the file on disk."""

    CURRENT = "CURRENT"
    REPLACED = "REPLACED"
    """Another file has its path, as after an update: fixed on disk, old in memory."""
    DELETED = "DELETED"
    """No file has its path any more, or it never had one (memfd_create(2))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Record):
    """A running process other than a kernel thread. Arguments and environment are not sent: they hold secrets."""

    MESSAGE_TYPE: ClassVar[str] = "Inspector{Create,Duplicate}Process"

    process_id: int
    parent_id: int
    uid: int | None
    """Effective user; None if unknown."""
    name: str
    path: str = ""
    """Path of the executable; empty if unknown."""
    package: str = ""
    """Name of the package that owns the executable; empty if there is none or the process is in a container."""
    state: ImageState | None = None
    """State of the executable; None if unknown."""
    started_at: int = 0
    forked: bool = False
    """True if it runs its parent's program: it was forked and has not called exec since."""
    contained: bool = False
    """True if it has its own root folder (a container or chroot), which ``path`` is inside of."""
    executable_stack: bool = False
    unit: str = ""
    """systemd unit of the host that started it: ``ssh.service``, ``session-3.scope``; empty if there is none."""

    def message_type(self) -> str:
        """Return the type for a forked process or for one that called exec."""
        return "InspectorDuplicateProcess" if self.forked else "InspectorCreateProcess"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeModule(Record):
    """A file that processes have mapped executable, other than their own program: a shared library."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorCodeModule"

    path: str
    package: str = ""
    state: ImageState = ImageState.CURRENT
    contained: bool = False
    """True if it is inside a container or chroot."""
    processes: int
    """Number of processes that have it mapped."""
    process_ids: tuple[int, ...] = ()
    """The first 64 of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedImage(Record):
    """A process that runs code from a file that is no longer on disk: it needs a restart."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorLoadImageInProcess"

    process_id: int
    process_name: str
    path: str
    package: str = ""
    state: ImageState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPerformance(Record):
    """Resource use of one process."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorProcessPerformance"

    process_id: int
    name: str
    cpu_seconds: float
    resident_bytes: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPerformance(Record):
    """Resources of the host and their use; None if the kernel does not report a value."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorSystemPerformance"

    processors: int | None = None
    load_1: float | None = None
    """Mean number of runnable processes over one minute; then over 5 and 15."""
    load_5: float | None = None
    load_15: float | None = None
    memory_bytes: int | None = None
    memory_available_bytes: int | None = None
    swap_bytes: int | None = None
    swap_free_bytes: int | None = None
    uptime_seconds: float | None = None
    busy_seconds: float | None = None
    """Processor time since boot in user and system mode, over all processors; the next two likewise."""
    waiting_seconds: float | None = None
    """Idle time with outstanding reads or writes."""
    idle_seconds: float | None = None


class ConnectionState(StrEnum):
    """State of a TCP connection (include/net/tcp_states.h); listening and TIME_WAIT sockets are not connections."""

    ESTABLISHED = "ESTABLISHED"
    SYN_SENT = "SYN_SENT"
    SYN_RECV = "SYN_RECV"
    FIN_WAIT1 = "FIN_WAIT1"
    FIN_WAIT2 = "FIN_WAIT2"
    CLOSE_WAIT = "CLOSE_WAIT"
    LAST_ACK = "LAST_ACK"
    CLOSING = "CLOSING"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpConnection(Record):
    """A TCP connection of the host."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorTcpV{4,6}Connection"

    ip_version: int
    """4 or 6."""
    state: ConnectionState
    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    process_id: int | None = None
    process_name: str = ""

    def message_type(self) -> str:
        """Return the type by IP version."""
        return f"InspectorTcpV{self.ip_version}Connection"


class DnsEntryKind(StrEnum):
    """Meaning of a line in the resolver's configuration."""

    NAMESERVER = "NAMESERVER"
    """``addresses`` holds one server."""
    SEARCH = "SEARCH"
    """``names`` are the domains that are appended to a short name."""
    HOST = "HOST"
    """``names`` have the address in ``addresses``, regardless of DNS."""
    LOOKUP = "LOOKUP"
    """``names`` are the sources of host names in order (nsswitch.conf(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsEntry(Record):
    """One line of the configuration of name resolution."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorDnsEntry"

    kind: DnsEntryKind
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    source: str
    """``path:line``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal(Record):
    """A login session."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorTerminal"

    user: str
    line: str = ""
    """``tty1``, ``pts/0``; empty for a session without a terminal."""
    remote_host: str = ""
    """Recorded origin of the session; empty for a local one."""
    process_id: int | None = None
    started_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeState(Record):
    """The host's clock."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorTimeEventMsg"

    now: int | None = None
    """The kernel's time of boot plus the time since then."""
    booted_at: int | None = None
    time_zone: str = ""
    """Name in the time zone database, such as ``Europe/Berlin``; empty if unset."""
    services: tuple[str, ...] = ()
    """Running time services: ``chronyd``, ``systemd-timesyncd``."""
    synchronized: bool | None = None
    """True if systemd-timesyncd has set the clock since boot; None if unknown."""
