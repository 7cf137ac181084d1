"""The rpm database of a host with any back end, read without rpm."""

from collections.abc import Callable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING
from openinspector.agent.packages.rpm_database import bdb, ndb, sqlite
from openinspector.model.errors import SensorError

FOLDERS: Final = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
"""Folders of Red Hat and older SUSE, of Fedora 36 and current SUSE, and of rpm-ostree. The first two may be linked."""
MAX_BYTES: Final = 256 * 1024 * 1024
MAX_SQLITE_BYTES: Final = 128 * 1024 * 1024
"""Limit on an rpmdb.sqlite that is read into memory, as in containers and images; briefly it is there twice."""
MAX_DAMAGED: Final = 10_000
"""Limit on damaged entries that are reported one by one; a file with more is not a database."""
_LEAST_BYTES: Final = 16
"""Minimum size of an entry in any of the files."""

_BACK_ENDS: Final[tuple[tuple[str, Callable[[bytes], Iterator[bytes | SensorError]]], ...]] = (
    ("rpmdb.sqlite", sqlite.blobs),
    ("Packages.db", ndb.blobs),
    ("Packages", bdb.blobs),
)


def find(host: Host) -> str | None:
    """Return the path of the host's rpm database, or None; raise OSError if a folder cannot be accessed."""
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
    """Yield the header of each package in the database at ``path``, or a SensorError for a damaged one.

    Raises OSError if the file cannot be read, and SensorError if it is not a database of the kind its name says.
    """
    name = path.rpartition("/")[2]
    real = host.real_file(path) if name == "rpmdb.sqlite" else None
    if real is not None:
        return within(sqlite.blobs_of_file(real), host.status(path).size)
    data = host.read(path, MAX_SQLITE_BYTES if name == "rpmdb.sqlite" else MAX_BYTES)
    return within(dict(_BACK_ENDS)[name](data), len(data))


def within(found: Iterator[bytes | SensorError], size: int) -> Iterator[bytes | SensorError]:
    """Yield the entries in ``found`` as long as a file of ``size`` bytes can hold them.

    Overlapping entries and views could yield entries without end: raises SensorError at the first one too many.
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
    """Return True if a write-ahead log holds changes that the database file does not have yet."""
    try:
        return host.status(f"{path}-wal").size > 0
    except OSError:
        return False
