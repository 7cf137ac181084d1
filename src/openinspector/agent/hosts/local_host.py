"""The machine the agent runs on, or the root folder of another one, such as a mounted image."""
# A collection makes some ten thousand calls: plain system calls, without a Path object for each.
# ruff: noqa: PTH115, PTH116, PTH208

import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Final

from openinspector.agent.host import (
    MAX_FILE_BYTES,
    MAX_NAMES,
    FileStatus,
    Folder,
    Host,
    HttpReply,
    InterfaceAddress,
    RegistryKey,
)
from openinspector.agent.hosts.root_folder import IS_HERE, MAX_LINKS, OF_THE_KERNEL, link_target, opened, reopen
from openinspector.agent.linux import netlink
from openinspector.model.windows_policy import LocalPolicy

if TYPE_CHECKING:
    from openinspector.agent.windows.recorded_registry import RecordedRegistry

_CHUNK: Final = 1024 * 1024
_DRIVE: Final = "C:/"
"""Paths of a Windows disk; its root is the folder it is mounted at."""
_DMI_FILES: Final = (
    "sys_vendor",
    "board_vendor",
    "bios_vendor",
    "bios_version",
    "chassis_asset_tag",
    "product_version",
)


class LocalHost:
    """Host of this machine. Reads only; never writes, runs or connects to anything but the metadata service.

    ``root`` is another folder to use as ``/``. Symbolic links are then resolved inside it, and it has no processes
    or addresses. Its ``/proc``, ``/sys`` and ``/dev`` are hidden, because file systems mounted there would belong to
    this machine. ``metadata_address`` (``host:port``) is the address of the metadata service; if given, the service
    is asked even if the firmware does not name Amazon.
    """

    def __init__(self, root: str = "/", metadata_address: str | None = None, *, max_names: int = MAX_NAMES) -> None:
        # Not realpath: the targets of links like /proc/PID/root have no other name, and readlink returns "/".
        self._root = "" if posixpath.normpath(root) == "/" else posixpath.abspath(root)
        self._metadata_address = metadata_address
        self._max_names = max_names
        self._registry: RecordedRegistry | None = None

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return the content of a regular file; raise OSError, also if it is larger than ``max_bytes``."""
        descriptor = self._open_file(path)
        try:
            status = os.fstat(descriptor)
            _require_file(status, path)
            if status.st_size > max_bytes:
                raise _too_large(path, max_bytes)
            return _read_all(descriptor, path, max_bytes)
        finally:
            os.close(descriptor)

    def readlink(self, path: str) -> str:
        """Return the target of a symbolic link as written."""
        if not self._is_walked:
            return os.readlink(self._unfollowed(path))
        with opened(self._root, _checked(path), follow=False) as found:
            return link_target(found, path)

    def status(self, path: str) -> FileStatus:
        """Return the result of stat(2) for ``path``, following links."""
        found = self._stat(path)
        kind = stat.S_IFMT(found.st_mode)
        return FileStatus(
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            size=found.st_size,
            is_directory=kind == stat.S_IFDIR,
            is_file=kind == stat.S_IFREG,
            modified_at=found.st_mtime,
            identity=(found.st_dev, found.st_ino),
        )

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted; raise OSError, also for more than ``max_names``."""
        with self._open_folder(path, follow=True) as descriptor, os.scandir(descriptor) as entries:
            found = [entry.name for entry in islice(entries, self._max_names + 1)]
        if len(found) > self._max_names:
            raise OSError(errno.EFBIG, f"more than {self._max_names} names", path)
        return tuple(sorted(found))

    def folder(self, path: str) -> Folder:
        """Return the content of a folder that is not a link; raise OSError, also for too many names."""
        with self._open_folder(path, follow=False) as descriptor:
            device = os.fstat(descriptor).st_dev
            with os.scandir(descriptor) as entries:
                found = list(islice(entries, self._max_names + 1))
            if len(found) > self._max_names:
                raise OSError(errno.EFBIG, f"more than {self._max_names} names", path)
            folders = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
            files = [entry.name for entry in found if entry.is_file(follow_symlinks=False)]
            return Folder(device=device, folders=tuple(sorted(folders)), files=tuple(sorted(files)))

    def inside(self, path: str) -> "LocalHost":
        """Return the root folder at ``path`` as a separate host; no link leads out of it."""
        return LocalHost(self._unfollowed(path))

    def real_file(self, path: str) -> str | None:
        """Return the path of a regular file on this machine, or None for anything else and in a root folder.

        A path in a root folder may have become a link to a file of this machine by the time it is opened.
        """
        if self._root:
            return None
        try:
            real = self._real(path)
            return real if stat.S_ISREG(os.stat(real).st_mode) else None
        except OSError:
            return None

    def is_root(self) -> bool:
        """Return True if the agent has root's rights."""
        return os.geteuid() == 0

    def uname(self) -> tuple[str, str, str, str]:
        """Return hostname, kernel release, kernel version, machine; a root folder has only a hostname."""
        if self._root:
            return self._image_hostname(), "", "", ""
        system = os.uname()
        return system.nodename, system.release, system.version, system.machine

    def processes(self) -> Iterator[int]:
        """Yield the process ids that exist now; a root folder has none."""
        if not self._root:
            yield from sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())

    def addresses(self) -> tuple[InterfaceAddress, ...]:
        """Return every address of every network interface; a root folder has none."""
        return () if self._root else netlink.addresses()

    def packet_filter(self) -> tuple[tuple[int, bytes], ...]:
        """Return the kernel's messages about nftables; a root folder has none."""
        return () if self._root else netlink.packet_filter()

    def audit(self) -> tuple[tuple[int, bytes], ...]:
        """Return the kernel's messages about auditing; a root folder has none."""
        return () if self._root else netlink.audit()

    def metadata_service(self, method: str, path: str, headers: dict[str, str]) -> HttpReply:
        """Ask the EC2 instance metadata service on EC2 or at a given address; otherwise refuse at once."""
        if self._metadata_address is None and (self._root or not is_ec2(self)):
            raise ConnectionRefusedError(errno.ECONNREFUSED, "not an EC2 instance: the firmware does not name Amazon")
        from openinspector.agent.cloud import metadata_client  # noqa: PLC0415 - an HTTP client of 3 MB, for EC2 only

        return metadata_client.ask(self._metadata_address or metadata_client.EC2_ADDRESS, method, path, headers)

    def registry_key(self, path: str) -> RegistryKey:
        """Return a registry key of the Windows disk at the root folder; this machine itself has no registry."""
        if not self._root:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if self._registry is None:
            from openinspector.agent.windows.recorded_registry import RecordedRegistry  # noqa: PLC0415 - for such disks only

            self._registry = RecordedRegistry(self)
        return self._registry.key(path)

    def local_policy(self) -> LocalPolicy:
        """Raise FileNotFoundError: neither Linux nor a disk has a running Windows."""
        raise FileNotFoundError(errno.ENOENT, "no running Windows")

    @property
    def _is_walked(self) -> bool:
        """True if paths are opened name by name, as in a root folder; this machine's paths are opened directly."""
        return bool(self._root) and IS_HERE

    def _open_file(self, path: str) -> int:
        # Checked before it is opened: opening some devices (tapes, watchdogs) has effects.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        if self._is_walked:
            with opened(self._root, _checked(path)) as found:
                _require_file(os.fstat(found), path)
                return reopen(found, flags, path)
        real = self._real(path)
        _require_file(os.stat(real), path)
        return os.open(real, flags)

    def _stat(self, path: str) -> os.stat_result:
        if not self._is_walked:
            return os.stat(self._real(path))
        with opened(self._root, _checked(path)) as found:
            return os.fstat(found)

    @contextmanager
    def _open_folder(self, path: str, *, follow: bool) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
        if self._is_walked:
            with opened(self._root, _checked(path), follow=follow) as found:
                descriptor = os.open(".", flags, dir_fd=found)
        else:
            descriptor = os.open(self._real(path) if follow else self._unfollowed(path), flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _image_hostname(self) -> str:
        try:
            return self.read("/etc/hostname", 4096).decode(errors="replace").strip()
        except OSError:
            return ""

    def _real(self, path: str) -> str:
        """Return ``path`` as a path of this machine; raise OSError for a NUL, a relative path or a loop of links."""
        if path.startswith(_DRIVE) and not self._root:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        path = _checked(path)
        return path if not self._root else self._resolve(path)

    def _unfollowed(self, path: str) -> str:
        """Return ``path`` as a path of this machine; if its last name is a link, do not follow it."""
        if not self._root:
            return self._real(path)
        folder, name = posixpath.split(path.rstrip("/"))
        if name in ("", ".", ".."):
            return self._real(path)
        return posixpath.join(self._real(folder), name)

    def _resolve(self, path: str) -> str:
        """Follow ``path`` inside the root folder, so that its absolute links do not lead to this machine's files."""
        pending = path.split("/")[::-1]
        done: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                done = done[:-1]
            elif part not in ("", "."):
                target = _link_target("/".join((self._root, *done, part)))
                if target is None:
                    done.append(part)
                    continue
                links += 1
                if links > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                done = [] if target.startswith("/") else done
                pending.extend(target.split("/")[::-1])
        if done and done[0] in OF_THE_KERNEL:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return "/".join((self._root, *done))


def _checked(path: str) -> str:
    """Return ``path`` with the drive of a Windows disk removed; raise OSError for a NUL or a relative path."""
    path = path[len(_DRIVE) - 1 :] if path.startswith(_DRIVE) else path
    if "\0" in path or not path.startswith("/"):
        raise OSError(errno.EINVAL, "not an absolute path", path)
    return path


def is_ec2(host: Host) -> bool:
    """Return True if the firmware names Amazon: the vendor "Amazon EC2" (Nitro), the BIOS "4.11.amazon" (Xen)."""
    for name in _DMI_FILES:
        try:
            if b"amazon" in host.read(f"/sys/class/dmi/id/{name}", 4096).lower():
                return True
        except OSError:
            continue
    return False


def _link_target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _require_file(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        code = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
        raise OSError(code, "not a regular file", path)


def _read_all(descriptor: int, path: str, max_bytes: int) -> bytes:
    whole = BytesIO()  # returns its content without a copy, so that a large file is in memory once
    room = max_bytes + 1  # files of /proc report a size of 0, so the size is known only after reading
    while room > 0 and (chunk := os.read(descriptor, min(_CHUNK, room))):
        whole.write(chunk)
        room -= len(chunk)
    if room <= 0:
        raise _too_large(path, max_bytes)
    return whole.getvalue()


def _too_large(path: str, max_bytes: int) -> OSError:
    return OSError(errno.EFBIG, f"larger than {max_bytes} bytes", path)
