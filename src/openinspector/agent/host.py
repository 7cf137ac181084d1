"""Host: the only access to files, processes and sockets of this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from openinspector.model.windows_policy import LocalPolicy

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_NAMES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStatus:
    """Result of stat(2) for a path, following links."""

    mode: int
    """Permission bits, 0 to 0o7777."""
    uid: int
    gid: int
    size: int
    is_directory: bool
    is_file: bool
    modified_at: float
    """Seconds since the epoch."""
    identity: tuple[int, int]
    """Numbers of file system and inode: equal for two paths to the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The content of a folder by name, sorted, without links, devices, sockets and FIFOs."""

    device: int
    """Number of the file system it is on (``st_dev``)."""
    folders: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """Reply of the metadata service."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceAddress:
    """One address of one network interface."""

    interface: str
    ip_version: int
    """4 or 6."""
    address: str
    """Text without prefix length or zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryValue:
    """One value of a key of the Windows registry."""

    name: str
    """Empty for the key's default value."""
    type: int
    """Number of the type in winnt.h: 1 is REG_SZ, 4 is REG_DWORD."""
    data: str | int | bytes | tuple[str, ...]
    """Text, number or texts according to the type; bytes for other types and for data that does not fit the type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKey:
    """One key of the Windows registry."""

    values: tuple[RegistryValue, ...] = ()
    subkeys: tuple[str, ...] = ()
    """Names of the direct subkeys."""

    def value(self, name: str) -> RegistryValue | None:
        """Return the value called ``name`` in any case, or None."""
        wanted = name.casefold()
        return next((value for value in self.values if value.name.casefold() == wanted), None)

    def text(self, name: str) -> str:
        """Return the text of the value called ``name``; empty if it is absent or not text."""
        value = self.value(name)
        return value.data if value and isinstance(value.data, str) else ""

    def number(self, name: str) -> int | None:
        """Return the number of the value called ``name``; None if it is absent or not a number."""
        value = self.value(name)
        return value.data if value and isinstance(value.data, int) else None


class Host(Protocol):
    """One machine, or the root folder of one.

    Paths are absolute and belong to the host. Reads are bounded and never block on FIFOs or devices. The state of a
    host makes methods raise no exception other than OSError (FileNotFoundError, PermissionError …). Names that are not
    UTF-8 contain surrogates (PEP 383), so that they can be used as paths again.
    """

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return the content of a regular file; raise OSError, also if it is larger than ``max_bytes``."""
        ...

    def readlink(self, path: str) -> str:
        """Return the target of a symbolic link as written."""
        ...

    def status(self, path: str) -> FileStatus:
        """Return the result of stat(2) for ``path``, following links."""
        ...

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted; raise OSError, also for more than ``MAX_NAMES``."""
        ...

    def folder(self, path: str) -> Folder:
        """Return the content of a folder; raise OSError, also for more than ``MAX_NAMES`` names.

        A ``path`` that is itself a link raises NotADirectoryError.
        """
        ...

    def inside(self, path: str) -> "Host":
        """Return the root folder at ``path`` as a separate host; a missing folder shows only in later calls."""
        ...

    def real_file(self, path: str) -> str | None:
        """Return a path of this machine's own file system for libraries that open files (sqlite), or None."""
        ...

    def is_root(self) -> bool:
        """Return True if the agent has root's rights."""
        ...

    def uname(self) -> tuple[str, str, str, str]:
        """Return hostname, kernel release, kernel version, machine."""
        ...

    def processes(self) -> Iterator[int]:
        """Yield the process ids that exist now."""
        ...

    def addresses(self) -> tuple[InterfaceAddress, ...]:
        """Return every address of every network interface, as the kernel lists them."""
        ...

    def packet_filter(self) -> tuple[tuple[int, bytes], ...]:
        """Return the kernel's netlink messages about nftables as (message type, payload)."""
        ...

    def audit(self) -> tuple[tuple[int, bytes], ...]:
        """Return the kernel's netlink messages about its audit state and rules as (message type, payload)."""
        ...

    def metadata_service(self, method: str, path: str, headers: dict[str, str]) -> HttpReply:
        """Ask the EC2 instance metadata service; raise OSError if it does not answer within a second.

        If nothing shows that the host is an EC2 instance, no request is sent, and ConnectionRefusedError with a plain
        sentence is raised.
        """
        ...

    def registry_key(self, path: str) -> RegistryKey:
        r"""Return a key of the Windows registry: ``HKEY_LOCAL_MACHINE\\…`` in any case, in the 64-bit view.

        Raises FileNotFoundError if the key does not exist, and on every host that does not run Windows.
        """
        ...

    def local_policy(self) -> LocalPolicy:
        """Return the local security policy of a running Windows; raise FileNotFoundError on every other host."""
        ...
