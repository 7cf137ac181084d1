"""Files with an anomaly anywhere on the host: writable by everybody, without an owner or a group; privileged programs.

The walk stays on local file systems, selected by type instead of device name, follows no links, and is limited in
entries and time. If it stops early, it reports that: then the absence of an anomaly proves nothing.
"""

import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from openinspector.agent.host import FileStatus, Host
from openinspector.agent.hosts.tree_walk import Visit, WalkLimits, walk
from openinspector.agent.linux.account_file import GROUP, PASSWD, names_by_id
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.hardening import AnomalyKind, FileAnomalies

MAX_ENTRIES: Final = 2_000_000
MAX_SECONDS: Final = 110.0
MAX_LISTED: Final = 100
MAX_PRIVILEGED: Final = 1000
_FOLDERS: Final = 400_000
_NOT_ENTERED: Final = frozenset({"/proc", "/sys", "/dev", "/run"})
_ROOTS: Final = (
    "/bin",
    "/boot",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/sbin",
    "/srv",
    "/tmp",  # noqa: S108 - a root that is searched
    "/usr",
    "/var",
)
_WORLD_WRITABLE: Final = 0o002
_STICKY: Final = 0o1000
_PRIVILEGED: Final = 0o6000
_EXECUTABLE: Final = 0o111


def collect(host: Host, clock: Callable[[], float] = time.monotonic) -> Iterator[FileAnomalies | Incomplete | Absent]:
    """Yield one FileAnomalies for each kind."""
    try:
        host.read(PASSWD)
        host.read(GROUP)
    except MISSING:
        yield Absent(reason=f"No {PASSWD} or no {GROUP} on this host.")
        return
    except OSError as error:
        yield unread(PASSWD, error)
        return
    users, groups = names_by_id(host, PASSWD).keys(), names_by_id(host, GROUP).keys()
    found = _Found(users, groups)
    limits = WalkLimits(depth=64, folders=_FOLDERS, seconds=MAX_SECONDS)
    for visit in walk(host, _ROOTS, _entered, limits=limits, clock=clock):
        if isinstance(visit, Incomplete):
            yield visit
            continue
        if found.entries > MAX_ENTRIES:
            yield Incomplete(reason=f"The search for anomalies stopped after {MAX_ENTRIES} files.")
            break
        found.look(host, visit)
    yield from found.records()


def _entered(visit: Visit) -> tuple[str, ...]:
    return tuple(name for name in visit.folders if f"{visit.path.rstrip('/')}/{name}" not in _NOT_ENTERED)


class _Found:
    """Anomalies so far."""

    def __init__(self, users: AbstractSet[int], groups: AbstractSet[int]) -> None:
        self._users = users
        self._groups = groups
        self.entries = 0
        self._paths: dict[AnomalyKind, list[str]] = {kind: [] for kind in AnomalyKind}
        self._counts: dict[AnomalyKind, int] = dict.fromkeys(AnomalyKind, 0)

    def look(self, host: Host, visit: Visit) -> None:
        """Examine a folder and the files in it."""
        self._look_at(host, visit.path)
        for name in visit.files:
            self._look_at(host, f"{visit.path.rstrip('/')}/{name}")

    def records(self) -> Iterator[FileAnomalies]:
        """Yield a record for each kind."""
        for kind in AnomalyKind:
            yield FileAnomalies(kind=kind, count=self._counts[kind], paths=tuple(sorted(self._paths[kind])))

    def _look_at(self, host: Host, path: str) -> None:
        self.entries += 1
        try:
            status = host.status(path)
        except OSError:  # deleted meanwhile, or unreadable
            return
        for kind in self._kinds(status):
            self._counts[kind] += 1
            limit = MAX_PRIVILEGED if kind is AnomalyKind.PRIVILEGED else MAX_LISTED
            if len(self._paths[kind]) < limit:
                self._paths[kind].append(encodable(path))

    def _kinds(self, status: FileStatus) -> Iterator[AnomalyKind]:
        if status.uid not in self._users:
            yield AnomalyKind.UNOWNED
        if status.gid not in self._groups:
            yield AnomalyKind.UNGROUPED
        if status.is_directory:
            if status.mode & _WORLD_WRITABLE and not status.mode & _STICKY:
                yield AnomalyKind.WORLD_WRITABLE_DIRECTORY
        elif status.is_file:
            if status.mode & _WORLD_WRITABLE:
                yield AnomalyKind.WORLD_WRITABLE_FILE
            if status.mode & _PRIVILEGED and status.mode & _EXECUTABLE:
                yield AnomalyKind.PRIVILEGED


SENSOR: Final = Sensor(
    name="file_anomalies",
    title="World-writable and unowned files, and privileged programs",
    records=(FileAnomalies,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
