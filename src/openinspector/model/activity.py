"""What sensors see a host do: processes, the code they run, connections, sessions, performance (F3.13 to F3.16).

Each record is of the moment its collection looked. Sizes are bytes, times seconds since 1970-01-01.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from openinspector.model.record import Record


class ImageState(StrEnum):
    """Whether a file that runs is still the file on disk."""

    CURRENT = "CURRENT"
    REPLACED = "REPLACED"
    """Another file is at its path now, as after an update: fixed on disk, old in memory."""
    DELETED = "DELETED"
    """Nothing is at its path any more, or it never had one (memfd_create(2))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Record):
    """A running process, kernel threads left out. Never its arguments or environment: they hold secrets."""

    MESSAGE_TYPE: ClassVar[str] = "Inspector{Create,Duplicate}Process"

    process_id: int
    parent_id: int
    uid: int | None
    """Effective user; None where it cannot be seen."""
    name: str
    path: str = ""
    """Of the executable; empty where it cannot be seen."""
    package: str = ""
    """Name of the package that owns the executable; empty where none does or it is in a container."""
    state: ImageState | None = None
    """Of the executable; None where it cannot be seen."""
    started_at: int = 0
    forked: bool = False
    """Goes on with its parent's program: it was forked and has not called exec since."""
    contained: bool = False
    """Has a root folder of its own (a container, chroot): ``path`` is inside that."""
    executable_stack: bool = False

    def message_type(self) -> str:
        """Return the type by how the process came to be."""
        return "InspectorDuplicateProcess" if self.forked else "InspectorCreateProcess"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeModule(Record):
    """A file other than their own executable that processes have mapped to run code of: a shared library."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorCodeModule"

    path: str
    package: str = ""
    state: ImageState = ImageState.CURRENT
    contained: bool = False
    """Is inside a container or chroot."""
    processes: int
    """How many have it mapped."""
    process_ids: tuple[int, ...] = ()
    """The first of them, at most 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedImage(Record):
    """A process that runs code of a file that is not the one on disk: it needs a restart."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorLoadImageInProcess"

    process_id: int
    process_name: str
    path: str
    package: str = ""
    state: ImageState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPerformance(Record):
    """What one process has used."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorProcessPerformance"

    process_id: int
    name: str
    cpu_seconds: float
    resident_bytes: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPerformance(Record):
    """What the host has and uses; None where the kernel does not tell."""

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
    """Idle with reads or writes outstanding."""
    idle_seconds: float | None = None


class ConnectionState(StrEnum):
    """State of a TCP connection (include/net/tcp_states.h); listening and TIME_WAIT sockets are none."""

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
    """What a line of the resolver's configuration says."""

    NAMESERVER = "NAMESERVER"
    """``addresses`` holds the one server."""
    SEARCH = "SEARCH"
    """``names`` are the domains tried for a short name."""
    HOST = "HOST"
    """``names`` have the one of ``addresses``, whatever DNS says."""
    LOOKUP = "LOOKUP"
    """``names`` are the sources asked for host names, in order (nsswitch.conf(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsEntry(Record):
    """One line that decides how the host resolves names."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorDnsEntry"

    kind: DnsEntryKind
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    source: str
    """``path:line``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal(Record):
    """Somebody logged in."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorTerminal"

    user: str
    line: str = ""
    """``tty1``, ``pts/0``; empty for a session without a terminal."""
    remote_host: str = ""
    """Where the session comes from, as it was recorded; empty for a local one."""
    process_id: int | None = None
    started_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeState(Record):
    """The host's clock."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorTimeEventMsg"

    now: int | None = None
    """As the kernel counts: time of boot and time since then."""
    booted_at: int | None = None
    time_zone: str = ""
    """Name in the time zone database: ``Europe/Berlin``; empty where the host names none."""
    services: tuple[str, ...] = ()
    """Running programs that keep the time: ``chronyd``, ``systemd-timesyncd``."""
    synchronized: bool | None = None
    """True where systemd-timesyncd has set the clock since boot; None where nothing on disk tells."""
