"""The SQLite file ``rpmdb.sqlite`` of rpm since 4.16: a table ``Packages(hnum, blob)``, ``hnum`` being its rowid.

It is opened read-only and immutable, so that neither a lock nor a journal is made on the host (F1.5). A database may
be hostile: its schema is not trusted, a view or virtual table of that name is refused (sorting one could take all
memory or fill the disk), and a query with too many steps is ended.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final
from urllib.parse import quote

from openinspector.agent.packages.rpm_database.header import MAX_BLOB_BYTES
from openinspector.model.errors import SensorError

_STEPS_PER_CALL: Final = 100_000
_MAX_CALLS: Final = 20_000
"""Two billion steps of SQLite's machine, some minutes; the sensor's time limit ends it earlier."""
_WAL_VERSION: Final = 2
_VERSION_BYTES: Final = slice(18, 20)
"""File format write and read versions in the file's header: 2 is WAL."""
_TABLE: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'Packages' AND rootpage > 0"
_MAGIC: Final = b"SQLite format 3\0"


def blobs_of_file(path: str) -> Iterator[bytes | SensorError]:
    """Yield each package's header in the file at ``path`` on this machine; raise SensorError for a bad file."""
    try:
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise SensorError(f"rpmdb.sqlite cannot be opened: {error}") from error
    yield from _blobs(connection)


def blobs(data: bytes) -> Iterator[bytes | SensorError]:
    """Yield each package's header in a database held in memory; raise SensorError for a bad one."""
    if not data.startswith(_MAGIC):
        raise SensorError("rpmdb.sqlite is not an SQLite database")
    # A database in memory cannot have a write-ahead log, so its header must not announce one.
    if _WAL_VERSION in data[_VERSION_BYTES]:
        data = b"".join((data[: _VERSION_BYTES.start], b"\x01\x01", data[_VERSION_BYTES.stop :]))
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        del data  # SQLite has a copy
    except (sqlite3.Error, OverflowError) as error:
        connection.close()
        raise SensorError(f"rpmdb.sqlite cannot be read: {error}") from error
    yield from _blobs(connection)


def _blobs(connection: sqlite3.Connection) -> Iterator[bytes | SensorError]:
    with closing(connection):
        try:
            connection.text_factory = bytes
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BLOB_BYTES)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(_StepLimit(_MAX_CALLS).wait, _STEPS_PER_CALL)
            if connection.execute(_TABLE).fetchone() is None:
                raise SensorError("rpmdb.sqlite has no table Packages")
            for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY rowid"):
                yield blob if isinstance(blob, bytes) else SensorError("a row of Packages does not hold a header")
        except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite quotes a damaged schema in its own messages
            raise SensorError(f"rpmdb.sqlite cannot be read: {error}") from error


class _StepLimit:
    """Ends a query after too many steps."""

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def wait(self) -> int:
        """Return 0 to continue, 1 to end the query."""
        self._calls -= 1
        return int(self._calls < 0)
