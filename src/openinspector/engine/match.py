"""Installed packages × advisories, indexed by distribution and package name.

An advisory's statement meets a package when all of this holds:

- it speaks of the host's distribution release or of the release family it belongs to (`advisory_distributions`);
- it names the binary package, or the source package it was built from;
- it is limited to no architecture and no module, or to the package's;
- the installed version is at least ``introduced_version`` and, unless no fix exists, below ``fixed_version``;
- its publisher does not say elsewhere that the same package is not affected by the same vulnerability.

Which packages are judged, and at which version, is `openinspector.engine.kernel`'s to say.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from openinspector.engine.kernel import Standing, Subject, subjects
from openinspector.model.advisory import NOT_MODULAR, Advisory, AffectedPackage, FixState, PackageKind, Score
from openinspector.model.errors import ModelError
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package, PackageManager
from openinspector.version import VersionScheme

_MAX_REMEMBERED: Final = 200_000
"""Entries of a memory before it is emptied: an index lives long, and hosts choose their versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An installed package that meets an advisory's range."""

    package: Package
    advisory: Advisory
    affected: AffectedPackage
    """Of the statements that meet, the one that asks for the most: no fix at all, else the newest version."""
    vulnerabilities: tuple[str, ...] = ()
    """The advisory's, less those its publisher says elsewhere do not affect the package."""
    version: str = ""
    """The version compared: the binary's, the source's, or the running kernel's build."""
    standing: Standing = Standing.ORDINARY
    spare: Package | None = None
    """A kernel on disk that has the fix: the host needs a restart, not an update."""
    fixed_key: bytes = b""
    """Sort key of the fixed version; empty where no fix exists."""


def advisory_distributions(distribution: str) -> tuple[str, ...]:
    """Return what advisories for a host's ``<ID>:<VERSION_ID>`` may call it, narrowest first.

    Publishers speak of a release family: a host with ``almalinux:9.4`` meets advisories for ``almalinux:9``.
    """
    name, _, version = distribution.partition(":")
    parts = version.split(".")
    return tuple(f"{name}:{'.'.join(parts[:length])}" for length in range(len(parts), 0, -1))


def module_stream(label: str) -> str:
    """Return ``name:stream`` of an rpm's modularity label, empty for a package of no module."""
    return ":".join(label.split(":")[:2])


def meets_limits(affected: AffectedPackage, package: Package) -> bool:
    """Say whether a statement's architectures and module include the package.

    A package whose architecture, or whose module despite a modular build, is not recorded cannot be ruled out.
    """
    if affected.architectures and package.architecture and package.architecture not in affected.architectures:
        return False
    modular = bool(package.module) or ".module" in package.version
    if affected.module == NOT_MODULAR:
        return not modular
    if not affected.module or (modular and not package.module):
        return True
    return module_stream(package.module) == affected.module


class _Entry(NamedTuple):
    """One statement with its versions as keys. ``fixed`` is None where no fix exists."""

    fixed: bytes | None
    introduced: bytes
    advisory: Advisory
    affected: AffectedPackage


class _Bucket(NamedTuple):
    """All statements about one package name: with a fix by rising fixed version, without one, and denials."""

    keys: tuple[bytes, ...]
    fixed: tuple[_Entry, ...]
    open: tuple[_Entry, ...]
    denials: tuple[_Entry, ...]


class _Hit(NamedTuple):
    entry: _Entry
    vulnerabilities: tuple[str, ...]
    version: str


_Table = Mapping[tuple[PackageKind, str], _Bucket]


class AdvisoryIndex:
    """The advisories in force for one evaluation, and which feed versions they came from.

    Tables are made when a distribution is first asked for; what a version meets is remembered, because the hosts of
    a fleet have most packages in common.
    """

    def __init__(
        self,
        advisories: Iterable[Advisory],
        *,
        schemes: Mapping[str, VersionScheme],
        fingerprints: Mapping[str, str],
    ) -> None:
        self.fingerprints: Mapping[str, str] = MappingProxyType(dict(fingerprints))
        self.schemes = schemes
        self._statements: dict[str, list[tuple[Advisory, AffectedPackage]]] = {}
        self._scores: dict[str, list[Score]] = {}
        for advisory in _distinct(advisories):
            for affected in advisory.affected:
                self._statements.setdefault(affected.distribution, []).append((advisory, affected))
            if advisory.scores and len(advisory.vulnerabilities) == 1:
                self._scores.setdefault(advisory.vulnerabilities[0], []).extend(advisory.scores)
        self.distributions: frozenset[str] = frozenset(self._statements)
        self._tables: dict[tuple[str, str], _Table] = {}
        self._keys: dict[tuple[str, str], bytes] = {}
        self._known: dict[tuple[str, ...], tuple[Match, ...]] = {}

    @classmethod
    def empty(cls) -> "AdvisoryIndex":
        """Return an index that knows no advisory and covers no distribution."""
        return cls((), schemes={}, fingerprints={})

    def covers(self, distribution: str) -> bool:
        """Say whether any feed speaks for ``<ID>:<VERSION_ID>`` or the release family it belongs to."""
        return not self.distributions.isdisjoint(advisory_distributions(distribution))

    def scores(self, vulnerability: str) -> tuple[Score, ...]:
        """Return the scores of every advisory that is about this one vulnerability."""
        return tuple(dict.fromkeys(self._scores.get(vulnerability, ())))

    def matches(self, facts: HostFacts) -> tuple[Match, ...]:
        """Return every (package, advisory) of the host that meets, by package, feed and advisory id.

        Raises ModelError where a package's manager has no version scheme here.
        """
        named = sorted(name for name in advisory_distributions(facts.distribution) if name in self._statements)
        if not named:
            return ()
        found = subjects(facts)
        matches: list[Match] = []
        for subject in sorted(found.judged, key=_subject_order):
            for name in named:
                met = self._met(name, subject)
                if subject.standing is Standing.RUNNING and found.spare:
                    met = tuple(replace(match, spare=self._spare(match, found.spare)) for match in met)
                matches += met
        return tuple(matches)

    def _spare(self, match: Match, spares: Sequence[Subject]) -> Package | None:
        """Return the newest kernel on disk that the statement names and that has its fix."""
        best: tuple[bytes, Package] | None = None
        for subject in spares if match.fixed_key else ():
            name, version = _named(subject, match.affected.kind)
            key = self._key(subject.package.manager, version)
            if name == match.affected.name and key >= match.fixed_key and (best is None or key > best[0]):
                best = key, subject.package
        return best[1] if best else None

    def _met(self, distribution: str, subject: Subject) -> tuple[Match, ...]:
        package = subject.package
        identity = (
            distribution,
            package.manager,
            package.name,
            package.version,
            subject.version,
            subject.source_name,
            subject.source_version,
            package.architecture,
            package.module,
            package.vendor,
            package.source_name,
            package.source_version,
            subject.standing.name,
        )
        known = self._known.get(identity)
        if known is None:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            hits = self._meet(self._table(distribution, package.manager), subject)
            known = self._known[identity] = tuple(_match(subject, hit) for hit in sorted(hits, key=_hit_order))
        return known

    def _meet(self, table: _Table, subject: Subject) -> Iterable[_Hit]:
        best: dict[int, _Hit] = {}
        for kind in PackageKind:
            name, version = _named(subject, kind)
            bucket = table.get((kind, name))
            if bucket is None:
                continue
            key = self._key(subject.package.manager, version)
            newer = bucket.fixed[bisect_right(bucket.keys, key) :]
            for entry in (*newer, *bucket.open):
                if entry.introduced > key or not meets_limits(entry.affected, subject.package):
                    continue
                vulnerabilities = _undenied(entry, bucket.denials, key, subject.package)
                if vulnerabilities is not None:
                    hit = _Hit(entry, vulnerabilities, version)
                    known = best.get(id(entry.advisory))
                    best[id(entry.advisory)] = hit if known is None else _join(known, hit)
        return best.values()

    def _table(self, distribution: str, manager: PackageManager) -> _Table:
        table = self._tables.get((distribution, manager))
        if table is None:
            gathered: dict[tuple[PackageKind, str], list[_Entry]] = {}
            for advisory, affected in self._statements[distribution]:
                fixed = self._key(manager, affected.fixed_version) if affected.fix_state is FixState.FIXED else None
                introduced = self._key(manager, affected.introduced_version) if affected.introduced_version else b""
                entry = _Entry(fixed, introduced, advisory, affected)
                gathered.setdefault((affected.kind, affected.name), []).append(entry)
            table = self._tables[distribution, manager] = {name: _bucket(found) for name, found in gathered.items()}
        return table

    def _key(self, manager: PackageManager, version: str) -> bytes:
        key = self._keys.get((manager, version))
        if key is None:
            scheme = self.schemes.get(manager.version_scheme)
            if scheme is None:
                raise ModelError(
                    f"no version scheme is called {manager.version_scheme!r}",
                    advice="give AdvisoryIndex the schemes of versions/",
                )
            if len(self._keys) >= _MAX_REMEMBERED:
                self._keys.clear()
            key = self._keys[manager, version] = scheme.key(version)
        return key


def _distinct(advisories: Iterable[Advisory]) -> list[Advisory]:
    """Return the advisories without exact repetitions, in order."""
    by_id: dict[tuple[str, str], list[Advisory]] = {}
    for advisory in advisories:
        same = by_id.setdefault((advisory.feed, advisory.id), [])
        if advisory not in same:
            same.append(advisory)
    return [advisory for same in by_id.values() for advisory in same]


def _bucket(entries: Iterable[_Entry]) -> _Bucket:
    fixed, unfixed, denials = [], [], []
    for entry in entries:
        match entry.affected.fix_state:
            case FixState.FIXED:
                fixed.append((entry.fixed or b"", entry))
            case FixState.OPEN:
                unfixed.append(entry)
            case FixState.NOT_AFFECTED:
                denials.append(entry)
    fixed.sort(key=lambda pair: pair[0])
    return _Bucket(
        keys=tuple(key for key, _ in fixed),
        fixed=tuple(entry for _, entry in fixed),
        open=tuple(unfixed),
        denials=tuple(denials),
    )


def _named(subject: Subject, kind: PackageKind) -> tuple[str, str]:
    """Return the name and version that statements of ``kind`` are compared with."""
    if kind is PackageKind.SOURCE:
        return subject.source_name, subject.source_version
    return subject.package.name, subject.version


def _undenied(entry: _Entry, denials: Sequence[_Entry], key: bytes, package: Package) -> tuple[str, ...] | None:
    """Return the vulnerabilities left of an entry, or None where its publisher denies them all."""
    named = entry.advisory.vulnerabilities
    if not denials:
        return named
    denied = {
        identity
        for denial in denials
        if denial.advisory.feed == entry.advisory.feed
        and denial.introduced <= key
        and meets_limits(denial.affected, package)
        for identity in denial.advisory.vulnerabilities or (denial.advisory.id,)
    }
    if not denied:
        return named
    left = tuple(identity for identity in named or (entry.advisory.id,) if identity not in denied)
    return (left if named else ()) if left else None


def _join(first: _Hit, second: _Hit) -> _Hit:
    """Return the more demanding of two statements of one advisory, with the vulnerabilities of both."""
    either = {*first.vulnerabilities, *second.vulnerabilities}
    named = first.entry.advisory.vulnerabilities
    chosen = max(first, second, key=_demand)
    return chosen._replace(vulnerabilities=tuple(identity for identity in named if identity in either))


def _demand(hit: _Hit) -> tuple[bool, bytes, str, str, tuple[str, ...], str]:
    """Order statements of one advisory by what they ask for; the rest only makes the order total."""
    affected = hit.entry.affected
    return (
        hit.entry.fixed is None,
        hit.entry.fixed or b"",
        affected.kind,
        affected.module,
        affected.architectures,
        affected.introduced_version,
    )


def _subject_order(subject: Subject) -> tuple[str, ...]:
    package = subject.package
    return package.name, package.version, package.architecture, package.module, subject.source_name, subject.version


def _hit_order(hit: _Hit) -> tuple[str, str, tuple[str, ...], str]:
    advisory = hit.entry.advisory
    return advisory.feed, advisory.id, hit.vulnerabilities, advisory.published


def _match(subject: Subject, hit: _Hit) -> Match:
    return Match(
        package=subject.package,
        advisory=hit.entry.advisory,
        affected=hit.entry.affected,
        vulnerabilities=hit.vulnerabilities,
        version=hit.version,
        standing=subject.standing,
        fixed_key=hit.entry.fixed or b"",
    )
