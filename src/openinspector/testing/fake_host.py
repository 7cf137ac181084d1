"""A host in memory: the Host interface over files, links and processes that a test defines."""

import errno
import os
import posixpath
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.agent.cloud import metadata_client
from openinspector.agent.host import (
    MAX_FILE_BYTES,
    FileStatus,
    Folder,
    HttpReply,
    InterfaceAddress,
    RegistryKey,
)
from openinspector.agent.windows.recorded_registry import RecordedRegistry
from openinspector.model.windows_policy import LocalPolicy

_MAX_LINKS: Final = 40
_OTHERS_READ: Final = 0o004


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The object at a path: a file, or what the flags say."""

    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str | None = None
    """A symbolic link to this path; may dangle, as ``socket:[123]`` does."""
    is_directory: bool = False
    is_device: bool = False
    """A FIFO, socket or device, which has a status but cannot be read."""
    unreadable: bool = False
    """True to refuse even root, as a security module or a failing disk does."""
    device: int = 1
    """Number of the file system it is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSystem:
    """The parts of a host that are not files."""

    is_root: bool = True
    uname: tuple[str, str, str, str] = ("fake", "6.1.0-1-amd64", "#1 SMP Debian 6.1.0-1", "x86_64")
    addresses: tuple[InterfaceAddress, ...] = ()
    packet_filter: tuple[tuple[int, bytes], ...] = ()
    """Messages of nftables: (type, payload)."""
    audit: tuple[tuple[int, bytes], ...] = ()
    """Messages of the audit subsystem: (type, payload)."""
    metadata_address: str | None = None
    """``host:port`` of a metadata service; without one the host is not an EC2 instance."""
    local_policy: LocalPolicy | None = None
    """The policy of a running Windows; None for every other host."""


_SYSTEM: Final = FakeSystem()


class FakeHost:
    """A Host over ``files``, which maps paths to contents or Nodes. Their parent folders belong to root, mode 0755.

    Processes are the folders ``/proc/<number>``. Without root's rights, a file or folder can be read only if its mode
    lets others read it. Symbolic links are followed inside, 40 at most. A Windows host has paths ``C:/…`` and the
    registry in the ``*.reg`` files of its folder of exports.
    """

    def __init__(self, files: Mapping[str, bytes | str | Node] | None = None, system: FakeSystem = _SYSTEM) -> None:
        self._nodes = {posixpath.join("/", path): _node(content) for path, content in (files or {}).items()}
        self._system = system
        self._folders: dict[str, set[str]] = {"/": set()}
        for path in self._nodes:
            self._enter(path)
        self.reads: list[str] = []
        """Every path that was read, in order."""
        self._registry = RecordedRegistry(self)

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return a file's content; raise OSError as a real host does."""
        self.reads.append(path)
        real = self._real(path)
        node = self._at(real, path)
        if node.is_directory:
            raise IsADirectoryError(errno.EISDIR, "not a regular file", path)
        if node.is_device or node.link is not None:
            raise OSError(errno.EINVAL, "not a regular file", path)
        self._require_readable(node, path)
        if len(node.content) > max_bytes:
            raise OSError(errno.EFBIG, f"larger than {max_bytes} bytes", path)
        return node.content

    def readlink(self, path: str) -> str:
        """Return the target of a symbolic link as written."""
        folder, name = posixpath.split(path.rstrip("/"))
        node = self._at(posixpath.join(self._real(folder), name), path)
        if node.link is None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        self._require_readable(node, path)
        return node.link

    def status(self, path: str) -> FileStatus:
        """Return the result of stat(2) for ``path``, following links."""
        real = self._real(path)
        node = self._at(real, path)
        if node.link is not None:
            raise _missing(path)
        return FileStatus(
            mode=node.mode,
            uid=node.uid,
            gid=node.gid,
            size=len(node.content),
            is_directory=node.is_directory,
            is_file=not (node.is_directory or node.is_device),
            modified_at=0.0,
            identity=(node.device, zlib.crc32(real.encode(errors="surrogateescape"))),
        )

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted."""
        real = self._real(path)
        node = self._at(real, path)
        if not node.is_directory:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        self._require_readable(node, path)
        return tuple(sorted(self._folders.get(real, ())))

    def folder(self, path: str) -> Folder:
        """Return the content of a folder that is not a link, without links and devices."""
        parent, name = posixpath.split(path.rstrip("/"))
        real = posixpath.join(self._real(parent), name) if name not in ("", ".", "..") else self._real(path)
        node = self._at(real, path)
        if not node.is_directory:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        self._require_readable(node, path)
        held = {name: self._at(posixpath.join(real, name), path) for name in sorted(self._folders.get(real, ()))}
        return Folder(
            device=node.device,
            folders=tuple(name for name, each in held.items() if each.is_directory),
            files=tuple(
                name
                for name, each in held.items()
                if not each.is_directory and not each.is_device and each.link is None
            ),
        )

    def inside(self, path: str) -> "FakeHost":
        """Return a host made of the files below ``path``, with the same rights."""
        below = {name.removeprefix(path): node for name, node in self._nodes.items() if name.startswith(f"{path}/")}
        return FakeHost(below, FakeSystem(is_root=self._system.is_root, uname=("", "", "", "")))

    def real_file(self, path: str) -> str | None:  # noqa: ARG002 - the interface's
        """Return None: the files are not on this machine's file system."""
        return None

    def is_root(self) -> bool:
        """Return True if the host was made with root's rights."""
        return self._system.is_root

    def uname(self) -> tuple[str, str, str, str]:
        """Return hostname, kernel release, kernel version, machine."""
        return self._system.uname

    def processes(self) -> Iterator[int]:
        """Yield the numbers among the names of ``/proc``."""
        yield from sorted(int(name) for name in self._folders.get("/proc", ()) if name.isdecimal())

    def addresses(self) -> tuple[InterfaceAddress, ...]:
        """Return the addresses the host was made with."""
        return self._system.addresses

    def packet_filter(self) -> tuple[tuple[int, bytes], ...]:
        """Return the messages the host was made with."""
        return self._system.packet_filter

    def audit(self) -> tuple[tuple[int, bytes], ...]:
        """Return the messages the host was made with."""
        return self._system.audit

    def metadata_service(self, method: str, path: str, headers: dict[str, str]) -> HttpReply:
        """Ask the metadata service the host was made with, over real HTTP."""
        if self._system.metadata_address is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "not an EC2 instance: the firmware does not name Amazon")
        return metadata_client.ask(self._system.metadata_address, method, path, headers)

    def registry_key(self, path: str) -> RegistryKey:
        """Return a key of the exports among the files."""
        return self._registry.key(path)

    def local_policy(self) -> LocalPolicy:
        """Return the policy the host was made with."""
        if self._system.local_policy is None:
            raise FileNotFoundError(errno.ENOENT, "no running Windows")
        return self._system.local_policy

    def _enter(self, path: str) -> None:
        while path != "/":
            folder, name = posixpath.split(path)
            self._folders.setdefault(folder, set()).add(name)
            path = folder

    def _at(self, real: str, asked: str) -> Node:
        node = self._nodes.get(real)
        if node is not None:
            return node
        if real in self._folders:
            return Node(is_directory=True, mode=0o755)
        above = self._nodes.get(posixpath.dirname(real))
        if above is not None and not above.is_directory:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), asked)
        raise _missing(asked)

    def _require_readable(self, node: Node, path: str) -> None:
        if node.unreadable or not (self._system.is_root or node.mode & _OTHERS_READ):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    def _real(self, path: str) -> str:
        """Return ``path`` with every link resolved, except a dangling link at the end."""
        pending = path.split("/")[::-1]
        done = "/"
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                done = posixpath.dirname(done)
            elif part not in ("", "."):
                node = self._nodes.get(posixpath.join(done, part))
                if node is None or node.link is None or ":[" in node.link:
                    done = posixpath.join(done, part)
                    continue
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                done = "/" if node.link.startswith("/") else done
                pending.extend(node.link.split("/")[::-1])
        return done


def _node(content: bytes | str | Node) -> Node:
    if isinstance(content, Node):
        return content
    return Node(content=content.encode() if isinstance(content, str) else content)


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
