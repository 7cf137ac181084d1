"""Host: the only door to files, processes and sockets of this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_NAMES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStatus:
    """What stat(2) says of a path, links followed."""

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
    """Numbers of file system and inode: two paths with the same lead to the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What a folder holds by name, sorted. Links, devices, sockets and FIFOs are left out."""

    device: int
    """Number of the file system it is on (``st_dev``)."""
    folders: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """What the metadata service answered."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceAddress:
    """One address of one network interface."""

    interface: str
    ip_version: int
    """4 or 6."""
    address: str
    """As text, without prefix length or zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryValue:
    """One value of a key of the Windows registry."""

    name: str
    """Empty for the key's default value."""
    type: int
    """Number of its type in winnt.h: 1 is REG_SZ, 4 REG_DWORD."""
    data: str | int | bytes | tuple[str, ...]
    """Text, number or texts where the type says so and the data is of that form; else the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKey:
    """One key of the Windows registry."""

    values: tuple[RegistryValue, ...] = ()
    subkeys: tuple[str, ...] = ()
    """Names of the keys right below."""

    def value(self, name: str) -> RegistryValue | None:
        """Return the value called ``name``, whatever its case, or None."""
        wanted = name.casefold()
        return next((value for value in self.values if value.name.casefold() == wanted), None)

    def text(self, name: str) -> str:
        """Return the text of the value called ``name``; empty where it is absent or no text."""
        value = self.value(name)
        return value.data if value and isinstance(value.data, str) else ""

    def number(self, name: str) -> int | None:
        """Return the number of the value called ``name``; None where it is absent or no number."""
        value = self.value(name)
        return value.data if value and isinstance(value.data, int) else None


class Host(Protocol):
    """One machine, or the root folder of one.

    Paths are absolute as the host sees them. Reads are bounded and never block on FIFOs or devices. OSError
    (FileNotFoundError, PermissionError …) is the only exception methods raise for what the host is like.
    Names that are not UTF-8 come with surrogates (PEP 383), so that they can be asked for again.
    """

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return a regular file's content; raises OSError, also where it is larger than ``max_bytes``."""
        ...

    def readlink(self, path: str) -> str:
        """Return what a symbolic link says."""
        ...

    def status(self, path: str) -> FileStatus:
        """Return what stat(2) says of ``path``, links followed."""
        ...

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted; raises OSError, also where they are more than ``MAX_NAMES``."""
        ...

    def folder(self, path: str) -> Folder:
        """Return what a folder holds; raises NotADirectoryError where ``path`` itself is a link, OSError as others.

        Also where it holds more than ``MAX_NAMES`` names.
        """
        ...

    def inside(self, path: str) -> "Host":
        """Return the root folder at ``path`` as a host of its own; whether it is there shows when it is asked."""
        ...

    def real_file(self, path: str) -> str | None:
        """Return a path of this machine's own file system for libraries that open files (sqlite), or None."""
        ...

    def is_root(self) -> bool:
        """Say whether the agent runs with root's rights."""
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
        """Return what the kernel tells of nftables: (message type, payload) as netlink brings them."""
        ...

    def metadata_service(self, method: str, path: str, headers: dict[str, str]) -> HttpReply:
        """Ask the EC2 instance metadata service; raises OSError where it does not answer within a second.

        ConnectionRefusedError with a plain sentence where the host shows no sign of being an EC2 instance:
        then nothing is sent at all.
        """
        ...

    def registry_key(self, path: str) -> RegistryKey:
        r"""Return a key of the Windows registry: ``HKEY_LOCAL_MACHINE\\…``, whatever its case, in the 64-bit view.

        FileNotFoundError where there is no such key, and on every host that is no Windows.
        """
        ...
