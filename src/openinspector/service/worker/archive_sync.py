"""Gathers the documents of the feed `debian_archive` from a mirror: indices of suites, and changelogs of updates.

- InRelease of each suite, with its signature verified if the host has gpgv; then the index whose SHA-256 it states, and
  the packages whose SHA-256 the index states.
- Updates are every source of a security suite, and in the other suites of a release the sources whose version marks an
  update of a released distribution (``+deb12u1``, ``ubuntu0.22.04.1``).
- For each update, the changelog is extracted once per source version from the source's smallest .deb that has one, and
  kept in the workspace until the suite has a newer version. Updates that are pending on known hosts come first, so that
  a deadline omits the least important ones; omitted ones are counted.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from openinspector.feed import Document, Source, Unparsed
from openinspector.feeds.debian_archive import (
    CHANGELOG,
    SUITES,
    ArchivePackage,
    newest_by_source,
    parse_index,
    source_of,
)
from openinspector.model.errors import FeedError
from openinspector.model.inventory import Package, PackageManager
from openinspector.service.worker.apt_sources import AptSource
from openinspector.service.worker.deb_archive import Changelog, DebError, LinkedTo, read_changelog
from openinspector.service.worker.expansion import expand
from openinspector.service.worker.feed_storing import Gathered
from openinspector.service.worker.fetch import Fetched, Fetcher, FetchError, Want, shown
from openinspector.service.worker.gathering import READER, Progress, fingerprint
from openinspector.service.worker.release_signature import open_release
from openinspector.versions.dpkg import SCHEME

PARALLEL: Final = 8
_MAX_RELEASE: Final = 8 * 1024 * 1024
_MAX_INDEX: Final = 128 * 1024 * 1024
_MAX_DEB: Final = 256 * 1024 * 1024
_MAX_TRIES: Final = 12
_LINK_WORTH: Final = 16
"""A package is tried before the one that a link names only if it is this many times smaller."""
_RELEASE_FIELD: Final = re.compile(r"^(Codename|Date|Origin): *(.*?)\s*$", re.MULTILINE)
_RELEASE_HASH: Final = re.compile(r"^ ([0-9a-f]{64}) +([0-9]+) (\S+)$", re.MULTILINE)
_ORIGINS: Final = ("Debian", "Ubuntu", "Debian-Security")
_KIND: Final = re.compile(r"-security$|/updates$|-updates$")
_UPDATE: Final = re.compile(r"[+~]deb[0-9]+u[0-9]+|ubuntu[0-9.]*\.[0-9]|[+~]esm[0-9]")
"""Matches the version of a source that was updated after the release of its distribution."""
_ENDINGS: Final = (".xz", ".gz", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRequest:
    """The suites to read, and the hosts they are read for."""

    sources: tuple[AptSource, ...]
    architecture: str = "amd64"
    installed: tuple[Package, ...] = ()
    """Installed packages of known hosts: their pending updates are fetched first."""
    pending_only: bool = False
    """Fetch pending updates only: fast, but useless for other hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suite:
    """One suite, indexed."""

    source: AptSource
    security: bool
    published_at: datetime | None
    note: str
    indices: tuple[tuple[str, Fetched], ...]
    """Document name and file."""
    transferred_bytes: int
    newest: Mapping[str, tuple[ArchivePackage, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lead:
    """A source whose changelog is needed, and the location of its packages."""

    uri: str
    built: tuple[ArchivePackage, ...]

    @property
    def name(self) -> str:
        """The changelog's document name."""
        return f"{CHANGELOG}/{self.built[0].source}/{self.built[0].source_version}"


def gather_archive(fetcher: Fetcher, request: ArchiveRequest, progress: Progress) -> Gathered:
    """Return indices and changelogs; FetchError if no suite can be read."""
    suites, absent = _suites(fetcher, request, progress)
    cache = _ChangelogCache(fetcher.workspace / CHANGELOG)
    leads = list({lead.name: lead for suite in suites for lead in _updates(suite)}.values())
    cache.prune({lead.name for lead in leads})
    installed = InstalledVersions(request.installed)
    absent_here = [lead for lead in leads if not cache.has(lead.name)]
    pending = [lead for lead in absent_here if installed.pending(lead.built)]
    others = [] if request.pending_only else [lead for lead in absent_here if lead not in pending]
    wanted = [*pending, *others]
    problems, transferred = _fetch_changelogs(fetcher, cache, wanted, progress)
    names = tuple(lead.name for lead in leads if cache.has(lead.name))
    digests = {name: fetched.sha256 for suite in suites for name, fetched in suite.indices}
    digests |= {name: cache.digest(name) for name in names}

    def documents() -> Iterator[Document]:
        for suite in suites:
            for name, fetched in suite.indices:
                yield from expand(Source(name=name, url=fetched.url), fetched.path)
        for name in names:
            if content := cache.read(name):
                yield Document(source=Source(name=name, url=""), content=content)

    empty = tuple(_without_changelog(name) for name in names if not cache.read(name))
    return Gathered(
        documents=documents,
        fingerprint=fingerprint(digests),
        origin="; ".join(f"{shown(s.source.uri)} {s.source.suite} ({s.note})" for s in suites),
        published_at=min((s.published_at for s in suites if s.published_at), default=None),
        unparsed=(*absent, *problems, *empty),
        reader=READER,
        transferred_bytes=transferred + sum(suite.transferred_bytes for suite in suites),
    )


def _updates(suite: _Suite) -> Iterator[_Lead]:
    """Yield the sources of a suite that are updates of its release."""
    for built in suite.newest.values():
        if suite.security or _UPDATE.search(built[0].source_version):
            yield _Lead(uri=suite.source.uri, built=built)


class InstalledVersions:
    """The oldest version installed of each binary and of each source, as advisories name sources."""

    def __init__(self, installed: Iterable[Package]) -> None:
        self._binaries: dict[str, bytes] = {}
        self._sources: dict[str, bytes] = {}
        for package in installed:
            if package.manager is PackageManager.DPKG:
                _keep_oldest(self._binaries, package.name, package.version)
                _keep_oldest(self._sources, *source_of(package.source_name, package.source_version))

    def pending(self, built: Sequence[ArchivePackage]) -> bool:
        """Return True if a source's newest version is an update of something installed, by source or by binary."""
        source = self._sources.get(built[0].source)
        if source is not None and source < SCHEME.key(built[0].source_version):
            return True
        return any(
            package.name in self._binaries and self._binaries[package.name] < SCHEME.key(package.version)
            for package in built
        )


def _keep_oldest(versions: dict[str, bytes], name: str, version: str) -> None:
    key = SCHEME.key(version)
    versions[name] = min(versions.get(name, key), key)


def _suites(
    fetcher: Fetcher, request: ArchiveRequest, progress: Progress
) -> tuple[tuple[_Suite, ...], tuple[Unparsed, ...]]:
    """Return the suites that can be read and those that cannot; raises the FeedError of the first if none can."""
    suites: list[_Suite] = []
    failures: list[tuple[AptSource, FeedError]] = []
    for source in request.sources:
        try:
            suites.append(_suite(fetcher, source, request.architecture, progress))
        except FeedError as error:
            failures.append((source, error))
    if not suites:
        raise failures[0][1] if failures else FetchError("no suite is named", advice="Name one with --suite.")
    return tuple(suites), tuple(
        Unparsed(document=f"{source.suite}/InRelease", entry="", reason=str(error)) for source, error in failures
    )


def _suite(fetcher: Fetcher, source: AptSource, architecture: str, progress: Progress) -> _Suite:
    base = f"{source.uri.rstrip('/')}/dists/{source.suite}"
    kind = _KIND.search(source.suite)
    label = "" if kind is None else "-updates" if kind[0].endswith("updates") and "/" not in kind[0] else "-security"
    progress(f"{source.suite}: index", 0, 1)
    release = fetcher.fetch(Want(url=f"{base}/InRelease", max_bytes=_MAX_RELEASE, plain_http=True))
    opened = open_release(release.path.read_bytes(), source.signed_by)
    fields = dict(_RELEASE_FIELD.findall(opened.text))
    codename = re.sub(r"[-/].*", "", fields.get("Codename", source.suite))
    if codename not in SUITES or fields.get("Origin", "Debian") not in _ORIGINS:
        raise FetchError(
            f"{shown(base)} is of {codename!r}, which is not a release of Debian or Ubuntu known here",
            advice="Name a suite of Debian or Ubuntu, such as --suite bookworm-security.",
        )
    hashes = {path: (digest, int(size)) for digest, size, path in _RELEASE_HASH.findall(opened.text)}
    indices: list[tuple[str, Fetched]] = []
    packages: list[ArchivePackage] = []
    for component in source.components or ("main",):
        path = f"{component}/binary-{architecture}/Packages"
        name = f"{codename}{label}/{path}"
        fetched = _index(fetcher, base, path, hashes)
        if fetched is not None:
            indices.append((name, fetched))
            for document in expand(Source(name=name, url=fetched.url), fetched.path):
                packages += (found for found in parse_index(document.content) if isinstance(found, ArchivePackage))
    if not indices:
        raise FetchError(
            f"{shown(base)} has no index of {' '.join(source.components)} for {architecture}", advice="Check the suite."
        )
    progress(f"{source.suite}: index", 1, 1)
    return _Suite(
        source=source,
        security=label == "-security",
        published_at=_date(fields.get("Date", "")),
        note=opened.note,
        indices=tuple(indices),
        newest=newest_by_source(packages),
        transferred_bytes=release.transferred_bytes + sum(fetched.transferred_bytes for _, fetched in indices),
    )


def _index(fetcher: Fetcher, base: str, path: str, hashes: Mapping[str, tuple[str, int]]) -> Fetched | None:
    """Return an index in the first available compression; by hash if the mirror is being updated."""
    ending = next((ending for ending in _ENDINGS if path + ending in hashes), None)
    if ending is None:
        return None
    digest, size = hashes[path + ending]
    want = Want(url=f"{base}/{path}{ending}", max_bytes=min(size, _MAX_INDEX), sha256=digest, plain_http=True)
    try:
        return fetcher.fetch(want)
    except FetchError:
        folder = path.rpartition("/")[0]
        by_hash = f"{base}/{folder}/by-hash/SHA256/{digest}"
        return fetcher.fetch(Want(url=by_hash, max_bytes=want.max_bytes, sha256=digest, plain_http=True))


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text.replace("UTC", "+0000")).astimezone(UTC)
    except ValueError:
        return None


def _fetch_changelogs(
    fetcher: Fetcher, cache: "_ChangelogCache", wanted: Sequence[_Lead], progress: Progress
) -> tuple[tuple[Unparsed, ...], int]:
    """Fetch and keep the needed changelogs; return the sources that could not be read, and the bytes transferred."""
    problems: list[Unparsed] = []
    transferred = 0
    progress("changelogs", 0, len(wanted))
    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        for done, result in enumerate(pool.map(lambda lead: _changelog(fetcher, lead), wanted), start=1):
            transferred += result.transferred_bytes
            if result.problem:
                problems.append(Unparsed(document=result.name, entry="", reason=result.problem))
            else:
                cache.write(result.name, result.content)
            progress("changelogs", done, len(wanted))
    return tuple(problems), transferred


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Result of looking for one source's changelog. Neither content nor problem: none of its packages has one."""

    name: str
    content: bytes = b""
    problem: str = ""
    transferred_bytes: int = 0


def _changelog(fetcher: Fetcher, lead: _Lead) -> _Taken:
    by_name = {package.name: package for package in lead.built if package.path}
    untried = sorted(by_name.values(), key=lambda package: (package.size, package.name))
    linked: ArchivePackage | None = None
    transferred = 0
    for _ in range(_MAX_TRIES):
        package = _next(untried, linked)
        if package is None:
            break
        untried.remove(package)
        try:
            found, size = _read(fetcher, lead.uri, package)
        except FeedError as error:
            return _Taken(name=lead.name, problem=str(error), transferred_bytes=transferred)
        transferred += size
        if isinstance(found, Changelog):
            return _Taken(name=lead.name, content=found.content, transferred_bytes=transferred)
        target = by_name.get(found.package) if found is not None else None
        linked = target if target in untried else None
    return _Taken(name=lead.name, transferred_bytes=transferred)


def _next(untried: Sequence[ArchivePackage], linked: ArchivePackage | None) -> ArchivePackage | None:
    """Return what to try next: the smallest, or what a link named, unless much smaller ones are left."""
    smallest = next(iter(untried), None)
    if smallest is None or linked is None or smallest.size * _LINK_WORTH < linked.size:
        return smallest
    return linked


def _read(fetcher: Fetcher, uri: str, package: ArchivePackage) -> tuple[Changelog | LinkedTo | None, int]:
    if package.size > _MAX_DEB or package.path.startswith("/") or ".." in package.path.split("/"):
        return None, 0
    url = f"{uri.rstrip('/')}/{quote(package.path, safe='/~')}"
    fetched = fetcher.fetch(
        Want(url=url, max_bytes=package.size or _MAX_DEB, sha256=package.sha256, plain_http=bool(package.sha256))
    )
    try:
        return read_changelog(fetched.path, package.name), fetched.transferred_bytes
    except DebError:
        return None, fetched.transferred_bytes
    finally:
        fetcher.forget(fetched)


def _without_changelog(name: str) -> Unparsed:
    return Unparsed(document=name, entry="", reason="none of the packages tried has a changelog")


class _ChangelogCache:
    """Changelogs kept on disk by document name; an empty one means that no package has one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, name: str) -> bool:
        """Return True if it is known."""
        return self._path(name).is_file()

    def read(self, name: str) -> bytes:
        """Return a changelog's content."""
        return self._path(name).read_bytes()

    def digest(self, name: str) -> str:
        """Return its SHA-256."""
        return hashlib.sha256(self.read(name)).hexdigest()

    def write(self, name: str, content: bytes) -> None:
        """Write a changelog atomically."""
        path = self._path(name)
        partial = path.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(path)

    def prune(self, names: Iterable[str]) -> None:
        """Delete changelogs that are not in ``names``."""
        kept = {self._path(name) for name in names}
        for path in self._folder.iterdir():
            if path not in kept:
                path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name.removeprefix(f'{CHANGELOG}/'), safe='')}.txt"
