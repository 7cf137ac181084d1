"""The rpm database of a host: whichever back end it has, read without rpm."""

from collections.abc import Callable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING
from openinspector.agent.packages.rpm_database import bdb, ndb, sqlite
from openinspector.model.errors import SensorError

FOLDERS: Final = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
"""Red Hat and older SUSE; Fedora 36 and SUSE now; rpm-ostree. The first two may be links to each other."""
MAX_BYTES: Final = 256 * 1024 * 1024
MAX_SQLITE_BYTES: Final = 128 * 1024 * 1024
"""Of an rpmdb.sqlite that is read into memory, where for a moment it is twice: those of containers and images."""
MAX_DAMAGED: Final = 10_000
"""So many damaged entries are told one by one; who has more has no database."""
_LEAST_BYTES: Final = 16
"""What any entry takes up in any of the files."""

_BACK_ENDS: Final[tuple[tuple[str, Callable[[bytes], Iterator[bytes | SensorError]]], ...]] = (
    ("rpmdb.sqlite", sqlite.blobs),
    ("Packages.db", ndb.blobs),
    ("Packages", bdb.blobs),
)


def find(host: Host) -> str | None:
    """Return the path of the host's rpm database, or None; raises OSError where a folder refuses to tell."""
    for folder in FOLDERS:
        for name, _ in _BACK_ENDS:
            path = f"{folder}/{name}"
            try:
                if host.status(path).is_file:
                    return path
            except MISSING:
                continue
    return None


def blobs(host: Host, path: str) -> Iterator[bytes | SensorError]:
    """Yield the header of each package in the database at ``path``, and what is wrong with those that are damaged.

    Raises OSError where the file cannot be read and SensorError where it is no database of its name's kind.
    """
    name = path.rpartition("/")[2]
    real = host.real_file(path) if name == "rpmdb.sqlite" else None
    if real is not None:
        return within(sqlite.blobs_of_file(real), host.status(path).size)
    data = host.read(path, MAX_SQLITE_BYTES if name == "rpmdb.sqlite" else MAX_BYTES)
    return within(dict(_BACK_ENDS)[name](data), len(data))


def within(found: Iterator[bytes | SensorError], size: int) -> Iterator[bytes | SensorError]:
    """Yield what is ``found`` in a file of ``size`` bytes, as long as it can all be in there.

    Entries that overlap, and views that make them up, could give without end; raises SensorError where they begin to.
    """
    damaged = 0
    for item in found:
        damaged += isinstance(item, SensorError)
        size -= _LEAST_BYTES if isinstance(item, SensorError) else max(_LEAST_BYTES, len(item))
        if size < 0:
            raise SensorError("its entries are larger than the file: they overlap or are made up")
        if damaged > MAX_DAMAGED:
            raise SensorError(f"more than {MAX_DAMAGED} entries are damaged")
        yield item


def unfinished_transaction(host: Host, path: str) -> bool:
    """Say whether a write-ahead log holds changes that the database file itself does not have yet."""
    try:
        return host.status(f"{path}-wal").size > 0
    except OSError:
        return False
