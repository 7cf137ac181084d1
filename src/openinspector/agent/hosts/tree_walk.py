"""A bounded walk through folders. It does not follow links or enter other file systems, and reports omissions.

Only a root may be a link, as ``/opt`` is if programs are on a separate disk.

The number of folders determines the cost of a walk, so it is limited, as are depth and time.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.hosts.root_folder import MAX_LINKS
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.sensor import Incomplete

_MOUNTS: Final = "/proc/self/mountinfo"
_MOUNT_POINT: Final = 4
"""Number of the field, from zero."""
_ESCAPE: Final = re.compile(r"\\(040|011|012|134)")
_NOT_BEGUN: Final = re.compile(
    "9p|afs|autofs|beegfs|ceph|cgroup2?|cifs|coda|configfs|debugfs|devpts|devtmpfs|fuse.*|glusterfs|gpfs|lustre|ncpfs"
    "|nfs4?|ocfs2|orangefs|proc|smb3|smbfs|sysfs|vboxsf|virtiofs"
)
"""Network file systems, which may be slow or hang, and file systems of the kernel, which hold no programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkLimits:
    """Limits at which a walk ends on any host."""

    depth: int = 24
    """Levels of folders below a root."""
    folders: int = 40_000
    seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One folder of the walk, with the names of the folders and regular files in it."""

    path: str
    folders: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def walk(
    host: Host,
    roots: Iterable[str],
    enter: Callable[[Visit], Iterable[str]],
    *,
    limits: WalkLimits = WalkLimits(),
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Visit | Incomplete]:
    """Yield every folder from ``roots`` down, parents first, sorted by name; missing roots are skipped.

    ``enter`` returns the subfolders to enter; other names are ignored. If a root is a link, its target is searched
    under the root's own name, unless it has been searched already. A root on a network or kernel file system is not
    searched.
    """
    taken = _Taken(limits=limits, until=clock() + limits.seconds, clock=clock)
    mounts = _mounts(host)
    begun: set[str] = set()
    for root in roots:
        real = _followed(host, root, mounts)
        kind = next((mounts[path] for path in _upwards(real) if path in mounts), "")
        if real == "/":
            yield Incomplete(reason=f"{root} is a link to / or to itself and was not searched.")
        elif _NOT_BEGUN.fullmatch(kind):
            yield _not_searched(root, kind)
        elif begun.isdisjoint(_upwards(real)):
            others = {path: mounts[path] for path in mounts if path != real}
            yield from _below(host, _Root(root, real, others, frozenset(begun)), enter, taken)
            begun.add(real)
    yield from taken.sentences()


@dataclass(frozen=True, slots=True)
class _Root:
    name: str
    real: str
    """The resolved name; it differs if a part of the name is a link."""
    mounts: Mapping[str, str]
    """Mount points other than itself."""
    begun: frozenset[str]
    """Resolved names of the roots that have been searched already."""


@dataclass(slots=True)
class _Taken:
    limits: WalkLimits
    until: float
    clock: Callable[[], float]
    visited: int = 0
    too_deep: int = 0
    spent: str = ""

    def may_go_on(self) -> bool:
        if self.visited >= self.limits.folders:
            self.spent = f"{self.limits.folders} folders"
        elif self.clock() > self.until:
            self.spent = f"{self.limits.seconds:g} seconds"
        return not self.spent

    def sentences(self) -> Iterator[Incomplete]:
        if self.spent:
            yield Incomplete(reason=f"The search for installed packages stopped after {self.spent}.")
        if self.too_deep:
            reason = f"Folders deeper than {self.limits.depth} levels that were not searched: {self.too_deep}."
            yield Incomplete(reason=reason)


def _below(
    host: Host, root: _Root, enter: Callable[[Visit], Iterable[str]], taken: _Taken
) -> Iterator[Visit | Incomplete]:
    pending = [(root.real, 0)]
    device: int | None = None
    while pending and taken.may_go_on():
        path, depth = pending.pop()
        if path in root.mounts:  # not even opened: an unreachable network file system would block
            yield _not_searched(path, root.mounts[path])
            continue
        if path in root.begun:
            continue
        try:
            folder = host.folder(path)
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
            continue
        taken.visited += 1
        device = folder.device if device is None else device
        if folder.device != device:
            yield _not_searched(path, "another device")
            continue
        visit = Visit(path=root.name + path.removeprefix(root.real), folders=folder.folders, files=folder.files)
        yield visit
        chosen = sorted(set(enter(visit)).intersection(folder.folders), reverse=True)
        if depth < taken.limits.depth:
            pending += ((f"{path}/{name}", depth + 1) for name in chosen)
        else:
            taken.too_deep += len(chosen)


def _followed(host: Host, path: str, mounts: Mapping[str, str]) -> str:
    """Return ``path`` with all links resolved; ``/`` if they form a loop."""
    pending, done, links = path.split("/")[::-1], "", 0
    while pending and links <= MAX_LINKS:
        part = pending.pop()
        if part == "..":
            done = done.rpartition("/")[0]
        elif part not in ("", "."):
            target = _target(host, f"{done}/{part}", mounts)
            links += bool(target)
            pending += target.split("/")[::-1]
            done = "" if target.startswith("/") else done if target else f"{done}/{part}"
    return "/" if pending else done or "/"


def _target(host: Host, path: str, mounts: Mapping[str, str]) -> str:
    """Return the target of a link, or empty; a mount point is not a link and is not touched: it may hang."""
    try:
        return "" if path in mounts else host.readlink(path)
    except OSError:
        return ""


def _not_searched(path: str, kind: str) -> Incomplete:
    return Incomplete(reason=f"{encodable(path)} is another file system ({kind}) and was not searched.")


def _upwards(path: str) -> Iterator[str]:
    """Yield ``path`` and each folder above it."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield "/"


def _mounts(host: Host) -> dict[str, str]:
    """Return the type of the topmost file system at each mount point (proc(5), mountinfo)."""
    try:
        lines = host.read(_MOUNTS).decode(errors="surrogateescape").split("\n")
    except OSError:
        return {}
    found = {}
    for line in lines:
        mount, _, rest = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > _MOUNT_POINT:
            place = _ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), fields[_MOUNT_POINT])
            found[place] = encodable(rest.partition(" ")[0])
    return found
