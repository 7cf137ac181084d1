"""The archive of each dpkg package, as far as apt's lists contain it (``/var/lib/apt/lists``).

dpkg does not record where a package came from. apt keeps the index of each archive it is configured with, and the
archive's name in a Release file (fields ``Origin`` and ``Suite``). Rules:

- Only packages of archives other than the distribution's are sent; all others count as the distribution's.
- A package comes from another archive if that archive's index lists the installed version and the distribution's does
  not.
- Archives drop old versions. A version that neither lists comes from another archive if its revision has that archive's
  mark (``~bookworm``, ``nodesource1``, ``+deb.sury.org+1``) and no version of the distribution has it.
- If no archive of the distribution is configured, as with a mirror that signs in its own name, nothing is sent.

Only indices of other archives are read, and the distribution's for the packages found there. They may be absent or
compressed in an unsupported format (lz4); then nothing is sent about them.
"""

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import decode
from openinspector.agent.packages.stanza import stanzas

LISTS: Final = "/var/lib/apt/lists"
OWN: Final = ("Debian", "Ubuntu")
"""Beginnings of ``Origin`` of the distributions' own archives: also ``UbuntuESM`` and ``Debian Backports``."""
_RELEASE: Final = re.compile(r"(.+)_(?:InRelease|Release)")
_INDEX: Final = re.compile(r"(.+)_Packages(\.gz|\.xz|\.bz2)?")
_HEAD_FIELD: Final = re.compile(rb"^(Origin|Suite|Codename):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_FIELD: Final = re.compile(rb"^(Package|Version|Architecture):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_NUMBERS: Final = re.compile(r"[0-9]+")
_WORDS: Final = re.compile(r"[a-z]{3}")
_MAX_RELEASE: Final = 4 * 1024 * 1024
_MAX_HEAD: Final = 4096
_MAX_OWN: Final = 64 * 1024 * 1024
_MAX_INDEX: Final = 64 * 1024 * 1024
_MAX_LISTED: Final = 200_000
"""Limit on builds in the indices of other archives."""

Build = tuple[str, str, str]
"""Name, version and architecture."""


@dataclass(frozen=True, slots=True)
class _Archive:
    """One archive's Release file."""

    prefix: str
    """Beginning of the names of its files."""
    origin: str
    suite: str

    @property
    def is_own(self) -> bool:
        return self.origin.startswith(OWN)


def read_apt_origins(host: Host, installed: Iterable[Build]) -> Mapping[Build, str]:
    """Return ``Origin/Suite`` by installed build, for builds from an archive other than the distribution's.

    Empty if apt's lists are unavailable.
    """
    try:
        names = host.names(LISTS)
    except OSError:
        return {}
    archives = [archive for name in names if (archive := _archive(host, name)) is not None]
    if not any(archive.is_own for archive in archives) or all(archive.is_own for archive in archives):
        return {}
    by_name: dict[str, list[Build]] = {}
    for build in installed:
        by_name.setdefault(build[0], []).append(build)
    listed = _listed_elsewhere(host, names, archives, by_name)
    if not listed:
        return {}
    offered = _offered(host, names, archives, {name for name, _ in listed})
    found: dict[Build, str] = {}
    for (name, version), origin in listed.items():
        for build in by_name[name]:
            own = offered.get(name, set())
            marked = _mark(build[1]) == _mark(version) != "" and _mark(version) not in map(_mark, own)
            if build[1] not in own and (build[1] == version or (marked and build not in found)):
                found[build] = origin
    return found


def _archive(host: Host, name: str) -> _Archive | None:
    found = _RELEASE.fullmatch(name)
    if found is None:
        return None
    try:
        head = host.read(f"{LISTS}/{name}", _MAX_RELEASE)[:_MAX_HEAD]
    except OSError:
        return None
    fields = {key: decode(value) for key, value in reversed(_HEAD_FIELD.findall(head))}
    origin, suite = fields.get(b"Origin", ""), fields.get(b"Suite", "") or fields.get(b"Codename", "")
    # without an origin, the archive's address names it best
    return _Archive(prefix=found[1], origin=origin or found[1].partition("_")[0], suite=suite)


def _listed_elsewhere(
    host: Host, names: Iterable[str], archives: Iterable[_Archive], installed: Mapping[str, list[Build]]
) -> dict[tuple[str, str], str]:
    """Return the archive by (name, version) of installed packages' names that other archives list."""
    found: dict[tuple[str, str], str] = {}
    for archive in archives:
        if archive.is_own:
            continue
        for data in _indices(host, names, archive, _MAX_INDEX):
            for name, version in _versions(data, installed):
                if len(found) < _MAX_LISTED:
                    found.setdefault((name, version), f"{archive.origin}/{archive.suite}".rstrip("/"))
    return found


def _offered(
    host: Host, names: Iterable[str], archives: Iterable[_Archive], wanted: set[str]
) -> Mapping[str, set[str]]:
    """Return the versions of the wanted packages that the distribution's own archives list."""
    found: dict[str, set[str]] = {}
    for archive in archives:
        if archive.is_own:
            for data in _indices(host, names, archive, _MAX_OWN):
                for name, version in _versions(data, wanted):
                    found.setdefault(name, set()).add(version)
    return found


def _indices(host: Host, names: Iterable[str], archive: _Archive, limit: int) -> Iterator[bytes]:
    for name in names:
        found = _INDEX.fullmatch(name)
        if found is None or not (found[1] == archive.prefix or found[1].startswith(f"{archive.prefix}_")):
            continue
        try:
            yield _opened(host.read(f"{LISTS}/{name}", limit), found[2] or "", limit)
        except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError):
            continue
        except MemoryError:  # an index is worth less than the list of packages
            continue


def _opened(data: bytes, ending: str, limit: int) -> bytes:
    opener = _OPENERS.get(ending)
    if opener is None:
        return data
    with opener(BytesIO(data)) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError("the index is too large")
    return content


def _versions(data: bytes, wanted: Mapping[str, object] | set[str]) -> Iterator[tuple[str, str]]:
    for start, end in stanzas(data):
        if not data.startswith(b"Package:", start, end):
            continue
        line = data.find(b"\n", start, end)
        name = decode(data[start + 8 : line if line >= 0 else end].strip())
        if name in wanted:
            fields = {key: decode(value) for key, value in _FIELD.findall(data[start:end])}
            if fields.get(b"Version"):
                yield name, fields[b"Version"]


def _mark(version: str) -> str:
    """Return the words of a version's revision, with which an archive marks its builds; empty without any."""
    mark = _NUMBERS.sub("#", version.rpartition("-")[2])
    return mark if _WORDS.search(mark) else ""


_OPENERS: Final[Mapping[str, Callable[[IO[bytes]], gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File]]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".xz": lzma.LZMAFile,
    ".bz2": bz2.BZ2File,
}
