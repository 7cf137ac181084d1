"""Atomically written files, and the folders they are in.

The mode of a folder that does not belong to the agent is never changed, even if the settings name it: others use /srv.
"""

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from openinspector.agent.files.open_flags import PRIVATE_FILE

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
PARTIAL_SUFFIX: Final = ".partial"
OWN_FILES: Final = ("host.key", "enrolment.json")
"""Files that identify a state directory."""

_OTHERS: Final = 0o077
_OF_FILE_SYSTEMS: Final = frozenset({"lost+found"})


def write_atomically(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Write ``content`` to ``path`` durably: temporary file, fsync, rename, fsync of the folder; raises OSError.

    A failed write leaves nothing behind, because leftovers would make a full disk worse.
    """
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    # Never write through a file left by a crash or a link created by somebody else.
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PRIVATE_FILE, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in ``folder`` survive a power failure."""
    # NTFS journals names, and Windows opens no folder as a file.
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_private_folder(path: Path) -> None:
    """Create ``path`` and its parents, the folder itself for its owner only.

    An existing folder of the agent becomes private (`open_own_folder`). Raises OSError, whose ``strerror`` has the
    remedy.
    """
    if sys.platform == "win32":
        from openinspector.agent.files.windows_acl import protect_folder  # noqa: PLC0415 - Windows only

        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if not any(path.iterdir()):
            # Files inherit the list when they are made. A folder that others filled before is refused, not adopted.
            protect_folder(path)
    else:
        try:
            path.mkdir(mode=PRIVATE_FOLDER, parents=True)
        except FileExistsError:
            descriptor = open_own_folder(path)
            try:
                if is_open_to_others(descriptor):
                    os.fchmod(descriptor, PRIVATE_FOLDER)
            finally:
                os.close(descriptor)


def open_own_folder(path: Path) -> int:
    """Return a descriptor of a folder that belongs to the agent: not a link, owned by this user, and unused by others.

    Others must not use it: it is empty, holds the agent's files, or is in a folder that they cannot enter. Raises
    OSError, whose ``strerror`` names the problem. Not on Windows.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, f"{path} is a link; name the folder itself", str(path))
    if sys.platform == "win32":
        raise OSError(errno.ENOTSUP, "Windows opens no folder as a file", str(path))
    else:  # noqa: RET506 - the type checker sees one of the two
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | PRIVATE_FILE)
        try:
            _check_own(descriptor, path)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor


def is_open_to_others(descriptor: int) -> bool:
    """Return True if a folder's mode gives access to anybody but its owner."""
    return bool(stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS)


def _check_own(folder: int, path: Path) -> None:
    if os.fstat(folder).st_uid != _this_user():
        raise OSError(errno.EPERM, f"{path} belongs to another user", str(path))
    if is_open_to_others(folder) and not _is_unused_by_others(folder):
        message = f"others may use {path}; name a folder of the agent's own, such as {path / 'openinspector-agent'}"
        raise OSError(errno.EPERM, message, str(path))


def _is_unused_by_others(folder: int) -> bool:
    names = frozenset(os.listdir(folder)) - _OF_FILE_SYSTEMS
    return not names or any(name in names and _is_own_file(name, folder) for name in OWN_FILES) or _is_shielded(folder)


def _is_own_file(name: str, folder: int) -> bool:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return stat.S_ISREG(status.st_mode) and status.st_uid == _this_user()


def _is_shielded(folder: int) -> bool:
    above = os.stat("..", dir_fd=folder)
    return above.st_uid == _this_user() and not stat.S_IMODE(above.st_mode) & _OTHERS


def _this_user() -> int:
    if sys.platform == "win32":
        return 0
    else:  # noqa: RET505 - the type checker sees one of the two
        return os.geteuid()
