"""The Windows machine the agent runs on: its registry through the API and its files; it runs no programs.

The module loads on any system; its methods need Windows. It has not run on a real Windows (docs/howto/windows.md).
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Final

from openinspector.agent.files.open_flags import BINARY
from openinspector.agent.host import (
    MAX_FILE_BYTES,
    MAX_NAMES,
    FileStatus,
    Folder,
    Host,
    HttpReply,
    InterfaceAddress,
    RegistryKey,
    RegistryValue,
)
from openinspector.agent.windows.policy_calls import PolicyLibraries, ask_local_policy, windows_libraries
from openinspector.agent.windows.version import read_windows_version, windows_addresses
from openinspector.model.windows_policy import LocalPolicy

BIOS: Final = r"HKEY_LOCAL_MACHINE\HARDWARE\DESCRIPTION\System\BIOS"
_BIOS_VALUES: Final = ("SystemManufacturer", "BaseBoardManufacturer", "BIOSVendor", "BIOSVersion")
_MAX_NAMES: Final = 100_000
"""Limit on the values and on the subkeys of one key; the largest keys of Windows have some ten thousand."""


class WindowsHost:
    """Host of this machine. Paths have a drive (``C:/…``); Unix paths do not exist.

    ``libraries`` are those of Windows unless given.
    """

    def __init__(self, libraries: PolicyLibraries | None = None) -> None:
        self._libraries = libraries if libraries is not None else windows_libraries()

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return the content of a regular file; raise OSError, also if it is larger than ``max_bytes``."""
        descriptor = os.open(_real(path), os.O_RDONLY | BINARY)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise OSError(errno.EFBIG, f"larger than {max_bytes} bytes", path)
        return content

    def readlink(self, path: str) -> str:
        """Return the target of a symbolic link as written."""
        return os.readlink(_real(path))  # noqa: PTH115 - as LocalHost does

    def status(self, path: str) -> FileStatus:
        """Return the status of ``path``, following links; the mode shows only if it is read-only."""
        found = os.stat(_real(path))  # noqa: PTH116 - as LocalHost does
        return FileStatus(
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            size=found.st_size,
            is_directory=stat.S_ISDIR(found.st_mode),
            is_file=stat.S_ISREG(found.st_mode),
            modified_at=found.st_mtime,
            identity=(found.st_dev, found.st_ino),
        )

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted."""
        return tuple(sorted(os.listdir(_real(path))))  # noqa: PTH208 - as LocalHost does

    def folder(self, path: str) -> Folder:
        """Return the content of a folder; raise OSError, also for too many names."""
        real = _real(path)
        with os.scandir(real) as entries:
            found = list(islice(entries, MAX_NAMES + 1))
        if len(found) > MAX_NAMES:
            raise OSError(errno.EFBIG, f"holds more than {MAX_NAMES} names", path)
        folders = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
        files = [entry.name for entry in found if entry.is_file(follow_symlinks=False)]
        device = os.stat(real).st_dev  # noqa: PTH116 - as LocalHost does
        return Folder(device=device, folders=tuple(sorted(folders)), files=tuple(sorted(files)))

    def inside(self, path: str) -> Host:
        """Raise OSError: Windows cannot open paths below a folder without following links out of it.

        A disk of another host is examined on Linux (`LocalHost`).
        """
        raise OSError(errno.ENOTSUP, "Windows does not examine other roots; mount the disk on Linux", path)

    def real_file(self, path: str) -> str | None:
        """Return the path of a regular file, or None for anything else."""
        try:
            return _real(path) if stat.S_ISREG(os.stat(_real(path)).st_mode) else None  # noqa: PTH116 - as above
        except OSError:
            return None

    def is_root(self) -> bool:
        """Return True if the agent has an administrator's rights, as LocalSystem has."""
        if sys.platform == "win32":
            from win32com.shell import shell  # noqa: PLC0415 - pywin32, Windows only

            return bool(shell.IsUserAnAdmin())
        else:  # noqa: RET505 - the type checker sees one of the two
            return False

    def uname(self) -> tuple[str, str, str, str]:
        """Return hostname, an empty kernel release (on Linux it names a package), version with revision, machine."""
        try:
            system = read_windows_version(self)
        except OSError:
            return "", "", "", ""
        return system.hostname, "", system.kernel_version, system.architecture

    def processes(self) -> Iterator[int]:
        """Yield nothing: no sensor for Windows reads processes."""
        yield from ()

    def addresses(self) -> tuple[InterfaceAddress, ...]:
        """Return the addresses of every interface from the registry."""
        return tuple(windows_addresses(self))

    def packet_filter(self) -> tuple[tuple[int, bytes], ...]:
        """Return nothing: Windows has no nftables."""
        return ()

    def audit(self) -> tuple[tuple[int, bytes], ...]:
        """Return nothing: Windows has no Linux audit."""
        return ()

    def metadata_service(self, method: str, path: str, headers: dict[str, str]) -> HttpReply:
        """Ask the EC2 instance metadata service on EC2; otherwise refuse at once."""
        if not self._is_ec2():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "not an EC2 instance: the firmware does not name Amazon")
        from openinspector.agent.cloud import metadata_client  # noqa: PLC0415 - an HTTP client of 3 MB, for EC2 only

        return metadata_client.ask(metadata_client.EC2_ADDRESS, method, path, headers)

    def _is_ec2(self) -> bool:
        try:
            bios = self.registry_key(BIOS)
        except OSError:
            return False
        return any("amazon" in bios.text(name).lower() for name in _BIOS_VALUES)

    def registry_key(self, path: str) -> RegistryKey:
        """Return a key of the registry, in the 64-bit view; FileNotFoundError, PermissionError."""
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415 - Windows only

            root, _, below = path.partition("\\")
            handles = {"HKEY_LOCAL_MACHINE": winreg.HKEY_LOCAL_MACHINE, "HKEY_USERS": winreg.HKEY_USERS}
            if root not in handles:
                raise FileNotFoundError(errno.ENOENT, "no such root key", path)
            with winreg.OpenKey(handles[root], below, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                subkeys, values, _ = winreg.QueryInfoKey(key)
                if max(subkeys, values) > _MAX_NAMES:
                    raise OSError(errno.EFBIG, f"more than {_MAX_NAMES} names", path)
                return RegistryKey(
                    values=tuple(registry_value(*winreg.EnumValue(key, index)) for index in range(values)),
                    subkeys=tuple(winreg.EnumKey(key, index) for index in range(subkeys)),
                )
        else:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def local_policy(self) -> LocalPolicy:
        """Return what Windows says of its local security policy, and what it refuses to say."""
        if self._libraries is None:
            raise FileNotFoundError(errno.ENOENT, "no running Windows")
        return ask_local_policy(self._libraries)


def registry_value(name: str, data: object, kind: int) -> RegistryValue:
    """Return a value in the form of winreg: None without data, a list for texts."""
    if isinstance(data, list):
        return RegistryValue(name=_text(name), type=kind, data=tuple(_text(str(text)) for text in data))
    if isinstance(data, str):
        return RegistryValue(name=_text(name), type=kind, data=_text(data))
    return RegistryValue(name=_text(name), type=kind, data=data if isinstance(data, int | bytes) else b"")


def _text(text: str) -> str:
    """Return text without lone surrogates: the registry stores any 16 bits, telemetry only Unicode."""
    return text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")


def _real(path: str) -> str:
    if path[1:3] != ":/" or "\0" in path:
        raise FileNotFoundError(errno.ENOENT, "no path of Windows", path)
    return path.replace("/", "\\")
