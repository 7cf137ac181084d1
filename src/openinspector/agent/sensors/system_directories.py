"""Owners and modes of the directories with binaries and configuration (InspectorDirectoryInfoMsg, F3.12; rule 9).

The sensor sends the system directories, and each entry in them that users other than root may change: because group
or others may write it, or because another user owns it. ``/etc`` is searched with its subfolders; there, packages such
as PostgreSQL and polkit give files to their service accounts (uid below 1000), so only files of people count as
another user's. Entries that are neither file nor directory (``/dev/null`` behind a masked unit) and dangling links are
skipped. A sticky bit stays in the mode and excuses nothing: in a sticky directory everyone may still add programs.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Final

from openinspector.agent.host import FileStatus, Host
from openinspector.agent.linux.account_file import GROUP, PASSWD, names_by_id
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import DirectoryMode

DIRECTORIES: Final = (
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/libx32",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/local/etc",
    "/usr/local/libexec",
    "/boot",
    "/etc",
)
_DEEP: Final = "/etc"
_FIRST_PERSON: Final = 1000
"""UID_MIN in the login.defs of the distributions."""
_MAX_DEPTH: Final = 6
_MAX_ENTRIES: Final = 100_000
_WRITABLE_BY_OTHERS: Final = 0o022


def collect(host: Host) -> Iterator[DirectoryMode | Incomplete | Absent]:
    """Yield a DirectoryMode for every directory, followed by those of its entries that others may change."""
    walk = _Walk(host)
    directories = [path for path in DIRECTORIES if not _is_alias(host, path)]
    for path in directories:
        yield from walk.directory(path)
    yield from walk.problems
    if not walk.found and not walk.problems:
        yield Absent(reason="No system directories on this host.")


class _Walk:
    """Checks directories and their entries, up to a number of entries."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._users: Mapping[int, str] = names_by_id(host, PASSWD)
        self._groups: Mapping[int, str] = names_by_id(host, GROUP)
        self._room = _MAX_ENTRIES
        self.found = False
        self.problems: list[Incomplete] = []

    def directory(self, path: str) -> Iterator[DirectoryMode]:
        """Yield ``path`` itself and the entries in it that others may change."""
        try:
            status = self._host.status(path)
        except MISSING:
            return
        except OSError as error:
            self.problems.append(unread(path, error))
            return
        if status.is_directory:
            self.found = True
            yield self._mode(path, status)
            yield from self._entries(path, 0)

    def _entries(self, folder: str, depth: int) -> Iterator[DirectoryMode]:
        try:
            names = self._host.names(folder)
        except OSError as error:
            self.problems.append(unread(folder, error))
            return
        if len(names) > self._room:
            self.problems.append(Incomplete(reason=f"Stopped at {encodable(folder)} after {_MAX_ENTRIES} entries."))
            names = names[: self._room]
        self._room -= len(names)
        is_deep = folder.startswith(_DEEP)
        for name in names:
            path = f"{folder}/{name}"
            try:
                status = self._host.status(path)
            except OSError:  # a dangling link, or deleted
                continue
            if _open_to_others(status, _FIRST_PERSON if is_deep else 1) and not _is_kernels(self._host, path):
                yield self._mode(path, status)
            if is_deep and status.is_directory and depth < _MAX_DEPTH and not _target(self._host, path):
                yield from self._entries(path, depth + 1)

    def _mode(self, path: str, status: FileStatus) -> DirectoryMode:
        return DirectoryMode(
            path=encodable(path),
            mode=status.mode,
            uid=status.uid,
            gid=status.gid,
            owner=self._users.get(status.uid, ""),
            group=self._groups.get(status.gid, ""),
        )


def _open_to_others(status: FileStatus, first_owner: int) -> bool:
    """Return True if group or others may write, or an owner with at least the uid ``first_owner``."""
    if not (status.is_file or status.is_directory):
        return False
    return status.uid >= first_owner or bool(status.mode & _WRITABLE_BY_OTHERS)


def _is_alias(host: Host, path: str) -> bool:
    """Return True if ``path`` is a link to another directory of the list, as ``/bin`` is to ``/usr/bin``."""
    return _target(host, path) in DIRECTORIES


def _is_kernels(host: Host, path: str) -> bool:
    """Return True if ``path`` is a link into ``/proc``, as ``/etc/mtab`` is: there, the reader is the owner."""
    return _target(host, path).startswith("/proc/")


def _target(host: Host, path: str) -> str:
    """Return the direct target of a link; empty if ``path`` is not a link."""
    try:
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), host.readlink(path)))
    except OSError:
        return ""


SENSOR: Final = Sensor(
    name="system_directories",
    title="Owners and modes of system directories",
    records=(DirectoryMode,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
