"""The repository of each installed rpm, as recorded by the tool that installed it.

- dnf 4: ``/var/lib/dnf/history.sqlite``, tables ``rpm``, ``trans_item`` and ``repo`` (libdnf's swdb).
- yum 3 (release 7 and before, Amazon Linux 1 and 2): ``/var/lib/yum/yumdb``, a folder per package with a file
  ``from_repo``. The folder's name has no epoch.
- dnf 5: ``/usr/lib/sysimage/libdnf5/nevras.toml``, a table of NEVRAs with ``from_repo``.
- zypper: ``/var/log/zypp/history``, lines of ``|``-separated fields (libzypp, HistoryLog).

These records are separate from rpm's database and may be absent, rotated away or in a newer format. An unreadable
record counts as absent.
"""

import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import decode

DNF4: Final = "/var/lib/dnf/history.sqlite"
DNF5: Final = "/usr/lib/sysimage/libdnf5/nevras.toml"
YUMDB: Final = "/var/lib/yum/yumdb"
ZYPP: Final = "/var/log/zypp/history"
_MAGIC: Final = b"SQLite format 3\0"
_TABLES: Final = ("rpm", "trans_item", "repo")
_QUERY: Final = (
    "SELECT r.name, r.epoch, r.version, r.release, r.arch, p.repoid FROM trans_item t "
    "JOIN rpm r ON r.item_id = t.item_id JOIN repo p ON p.id = t.repo_id ORDER BY t.id"
)
_MAX_ROWS: Final = 1_000_000
_STEPS: Final = 100_000
_MAX_CALLS: Final = 2_000
_MAX_TEXT: Final = 4096
_INSTALLED: Final = 8
"""Fields of a line of zypper about an installed package: date, action, name, version, arch, user, repo, checksum."""

_YUMDB_FOLDER: Final = re.compile(r"[0-9a-f]{40,128}-(.+)-([^-]+-[^-]+)-([^-]+)")
_MAX_YUMDB: Final = 20_000
_MAX_REPOSITORY: Final = 256

Build = tuple[str, str, str]
"""Name, ``[epoch:]version-release`` and architecture."""


def read_origins(host: Host) -> Mapping[Build, str]:
    """Return the repository's id by build; the newest record applies. Builds in yum 3's records have no epoch."""
    found: dict[Build, str] = dict(_yumdb(host))
    for path, parse in _SOURCES.items():
        try:
            data = host.read(path)
        except OSError:
            continue
        try:
            found |= dict(parse(data))
        except (ValueError, sqlite3.Error, OverflowError):
            continue
    return found


def origin_of(build: Build, origins: Mapping[Build, str]) -> str:
    """Return the repository of a build; empty if none is recorded."""
    name, version, architecture = build
    return origins.get(build) or origins.get((name, version.rpartition(":")[2], architecture), "")


def _yumdb(host: Host) -> Iterator[tuple[Build, str]]:
    try:
        initials = host.names(YUMDB)
        folders = [f"{YUMDB}/{initial}/{name}" for initial in initials for name in host.names(f"{YUMDB}/{initial}")]
    except OSError:
        return
    for folder in folders[:_MAX_YUMDB]:
        build = _YUMDB_FOLDER.fullmatch(folder.rpartition("/")[2])
        if build is None:
            continue
        try:
            yield (build[1], build[2], build[3]), decode(host.read(f"{folder}/from_repo", _MAX_REPOSITORY)).strip()
        except OSError:
            continue


def parse_dnf4(data: bytes) -> Iterator[tuple[Build, str]]:
    """Yield the builds of dnf 4's history; ``sqlite3.Error`` or ValueError if it is invalid."""
    if not data.startswith(_MAGIC):
        raise ValueError("not an SQLite database")
    # a database in memory cannot have a write-ahead log, so its header must not announce one
    plain = b"".join((data[:18], b"\x01\x01", data[20:]))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(plain)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_TEXT)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        calls = iter(range(_MAX_CALLS))
        connection.set_progress_handler(lambda: int(next(calls, None) is None), _STEPS)
        # a view by one of the names could do anything
        real = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name IN (?, ?, ?)"
        if connection.execute(real, _TABLES).fetchone() != (len(_TABLES),):
            raise ValueError("no history of dnf")
        for name, epoch, version, release, architecture, repository in connection.execute(_QUERY).fetchmany(_MAX_ROWS):
            prefix = f"{epoch}:" if epoch else ""
            yield (str(name), f"{prefix}{version}-{release}", str(architecture)), str(repository)


def parse_dnf5(data: bytes) -> Iterator[tuple[Build, str]]:
    """Yield the builds of dnf 5's table; ValueError if it is invalid."""
    table = tomllib.loads(decode(data)).get("nevras")
    for nevra, note in table.items() if isinstance(table, dict) else ():
        origin = note.get("from_repo") if isinstance(note, dict) else None
        rest, _, architecture = nevra.rpartition(".")
        parts = rest.rsplit("-", 2)
        if isinstance(origin, str) and len(parts) == 3:  # noqa: PLR2004 - name, version and release
            yield (parts[0], f"{parts[1].removeprefix('0:')}-{parts[2]}", architecture), origin


def parse_zypp(data: bytes) -> Iterator[tuple[Build, str]]:
    """Yield the builds that were installed according to zypper's log."""
    for line in decode(data).splitlines():
        fields = line.split("|")
        if len(fields) >= _INSTALLED and fields[1].strip() == "install" and not line.startswith("#"):
            yield (fields[2], fields[3].removeprefix("0:"), fields[4]), fields[6]


_SOURCES: Final[Mapping[str, Callable[[bytes], Iterator[tuple[Build, str]]]]] = {
    DNF4: parse_dnf4,
    DNF5: parse_dnf5,
    ZYPP: parse_zypp,
}
