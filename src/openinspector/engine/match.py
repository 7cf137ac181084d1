"""Installed packages × statements of advisories, indexed by stream and package name.

Of the streams that apply to a package (`openinspector.engine.streams`), the narrowest that mentions a vulnerability
decides about it. Within a stream, of the statements that apply to the package:

1. a status NOT_AFFECTED means not affected;
2. a fix newer than the installed version means affected, whatever older fixes say, because an earlier fix may have been
  incomplete; but an installed fix that was made for the minor release of the build (``el9_2``) takes precedence and
  means not affected;
3. a fix not newer than the installed version means not affected;
4. a status that means affected decides;
5. a status UNDER_INVESTIGATION decides nothing: the publisher does not know;
6. a status END_OF_LIFE may mean that nobody looked: it means affected only if there is no other statement.

A statement *applies* if it names the binary package or its source package, if it is not limited to other architectures
or modules, and if it is about the same flavour of build.

`openinspector.engine.kernel` selects the packages to judge and their versions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar, cast

from openinspector.engine.extras import built_series, is_of_amazon_2
from openinspector.engine.kernel import KernelRole, Subject, subjects
from openinspector.engine.statements import Bucket, ComparedStatement, Entry, Hit, StreamStatements, bucket_of
from openinspector.engine.streams import (
    ApplicableStream,
    DistributionRelease,
    HostStreams,
    Unjudged,
    concerns,
    is_rebuilt,
    minor_branch,
    release_of,
    without_rebuilder,
)
from openinspector.model.advisory import (
    Advisory,
    Fix,
    FixState,
    PackageKind,
    Score,
    Status,
    Target,
    VendorUpdate,
    Vulnerability,
)
from openinspector.model.errors import ModelError
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package, PackageManager
from openinspector.version import VersionScheme

T = TypeVar("T")

MAX_MATCHES: Final = 200_000
"""Maximum number of pairs of package and advisory of one host, and in the cache of an index.

The hosts tried have up to 8,000; a host that names every kernel ever built would have hundreds of millions.
"""
_MAX_REMEMBERED: Final = 200_000
"""Entries of a cache before it is emptied: an index lives long, and hosts choose their versions."""


class TooManyMatchesError(ModelError):
    """A host's packages meet more advisories than an evaluation can hold."""

    def __init__(self) -> None:
        super().__init__(f"the host's packages meet more than {MAX_MATCHES:,} advisories")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An installed package that an advisory affects."""

    package: Package
    advisory: Advisory
    statement: Fix | Status
    """The strictest of the statements that say affected: no fix at all, else the newest version."""
    vulnerabilities: tuple[str, ...] = ()
    """The vulnerabilities of the advisory that the package has; empty if the advisory names none."""
    version: str = ""
    """The version compared: the binary's, the source's, or the running kernel's build."""
    role: KernelRole = KernelRole.ORDINARY
    inherited: bool = False
    """True if the statement comes from the distribution that the host's distribution rebuilds."""
    installed_fix: Package | None = None
    """A kernel on disk that has the fix: the host needs a restart, not an update."""
    fixed_key: bytes = b""
    """Sort key of the fixed version; empty if no fix exists."""

    @property
    def target(self) -> Target:
        """The package and stream that the statement is about."""
        return self.statement.target

    @property
    def fixed_version(self) -> str:
        """First version that has the fix; empty if no fix exists."""
        return self.statement.version if isinstance(self.statement, Fix) else ""

    @property
    def identities(self) -> tuple[str, ...]:
        """Subjects of findings: the CVE ids, or the advisory's own id if it names none."""
        return self.vulnerabilities or (self.advisory.id,)


class Unassessed(NamedTuple):
    """An installed package that must not be judged by any advisory."""

    package: Package
    reason: Unjudged


_Named = dict[str, list[tuple[Advisory, Fix | Status]]]
"""The statements of one stream by the package name, source or binary, that they are about."""

_Place = tuple[str, PackageManager, PackageKind, str, bool]
"""Stream, manager, kind and name of a bucket, and True if versions are compared without the rebuilder's marks."""


class AdvisoryIndex:
    """The advisories in force for one evaluation, and the feed versions they came from.

    Sort keys of the versions stated about a name are built when a host first has a package of that name: a host has few
    of a distribution's packages. Matches of a package are cached, because the hosts of a fleet have most packages in
    common.
    """

    def __init__(
        self,
        advisories: Iterable[Advisory],
        *,
        schemes: Mapping[str, VersionScheme],
        fingerprints: Mapping[str, str],
        days: Mapping[str, str] = MappingProxyType({}),
        vulnerabilities: Mapping[str, Vulnerability] = MappingProxyType({}),
    ) -> None:
        self.fingerprints: Mapping[str, str] = MappingProxyType(dict(fingerprints))
        self.days: Mapping[str, str] = MappingProxyType(dict(days))
        """ISO 8601 day on which each feed was last had whole; empty if the advisories are of no store."""
        self.schemes = schemes
        self._vulnerabilities = vulnerabilities
        self._named: dict[str, _Named] = {}
        self._remedies: dict[str, list[tuple[Advisory, VendorUpdate]]] = {}
        self._scores: dict[str, list[Score]] = {}
        for advisory in _distinct(advisories):
            for remedy in advisory.remedies:
                self._remedies.setdefault(remedy.target.stream, []).append((advisory, remedy))
            for statement in advisory.statements:
                target = statement.target
                named = self._named.setdefault(target.stream, {})
                named.setdefault(target.name, []).append((advisory, statement))
            if advisory.scores and len(advisory.vulnerabilities) == 1:
                self._scores.setdefault(advisory.vulnerabilities[0], []).extend(advisory.scores)
        self.streams: frozenset[str] = frozenset(self._named)
        self._buckets: dict[_Place, Bucket | None] = {}
        self._keys: dict[tuple[str, str], bytes] = {}
        self._hosts: dict[DistributionRelease, HostStreams] = {}
        self._covered: dict[str, bool] = {}
        self._made: dict[object, object] = {}
        self._known: dict[tuple[object, ...], tuple[Match, ...]] = {}
        self._weight = 0
        """Packages and matches that are remembered."""

    @classmethod
    def empty(cls) -> "AdvisoryIndex":
        """Return an index without advisories, which covers no distribution."""
        return cls((), schemes={}, fingerprints={})

    def covers(self, distribution: str) -> bool:
        """Return True if any feed covers ``<ID>:<VERSION_ID>`` or the release family it belongs to."""
        known = self._covered.get(distribution)
        if known is None:
            known = any(concerns(stream, distribution) and not stream.startswith("epel:") for stream in self.streams)
            self._covered[distribution] = known
        return known

    def once(self, make: "Callable[[AdvisoryIndex], T]") -> T:
        """Return the value that ``make`` builds from the index; built once and kept for the life of the index."""
        found = self._made.get(make)
        if found is None:
            found = self._made.setdefault(make, make(self))
        return cast("T", found)

    def statements_of(self, stream: str) -> Sequence[tuple[Advisory, Fix | Status]]:
        """Return every statement about a stream."""
        return tuple(one for named in self._named.get(stream, {}).values() for one in named)

    def remedies_of(self, stream: str) -> Sequence[tuple[Advisory, VendorUpdate]]:
        """Return every update named as a remedy in a stream."""
        return tuple(self._remedies.get(stream, ()))

    def scores(self, vulnerability: str) -> tuple[Score, ...]:
        """Return every score of a vulnerability: its own, and those of advisories about it alone."""
        known = self._vulnerabilities.get(vulnerability)
        return tuple(dict.fromkeys((*self._scores.get(vulnerability, ()), *(known.scores if known else ()))))

    def vulnerability(self, identity: str) -> Vulnerability | None:
        """Return the data of CVE, NVD, EPSS and KEV about a CVE; None if none of them is loaded or knows it."""
        return self._vulnerabilities.get(identity)

    def unassessed(self, facts: HostFacts) -> tuple[Unassessed, ...]:
        """Return the distribution's packages that cannot be judged, with the reasons, in the order collected."""
        streams = self.host_streams(release_of(facts))
        found = (
            (package, self.reason_unassessed(streams, package))
            for package in facts.all(Package)
            if package.manager.of_distribution
        )
        return tuple(Unassessed(package, reason) for package, reason in found if reason is not None)

    def matches(self, facts: HostFacts) -> tuple[Match, ...]:
        """Return every match of the host, by package, stream, feed and advisory id.

        Raises ModelError if a package's manager has no version scheme here, TooManyMatchesError beyond
        `MAX_MATCHES`.
        """
        release = release_of(facts)
        streams = self.host_streams(release)
        if not streams.known:
            return ()
        found = subjects(facts)
        matches: list[Match] = []
        for subject in sorted(found.judged, key=subject_order):
            matches += self.matches_of(streams, subject, found.idle)
            if len(matches) > MAX_MATCHES:
                raise TooManyMatchesError
        return tuple(matches)

    def matches_of(self, streams: HostStreams, subject: Subject, idle: Sequence[Subject] = ()) -> tuple[Match, ...]:
        """Return every match of one package of a host, by stream, feed and advisory id.

        ``idle`` are the kernels on disk that would run after a restart.
        """
        applicable = streams.applicable(subject.package)
        if not applicable or self.reason_unassessed(streams, subject.package) is not None:
            return ()
        met = self._subject_matches(applicable, subject)
        if subject.role is KernelRole.RUNNING and idle:
            met = tuple(replace(match, installed_fix=self._installed_fix(match, idle)) for match in met)
        return met

    def host_streams(self, release: DistributionRelease) -> HostStreams:
        """Return the streams that apply to hosts of a release."""
        streams = self._hosts.get(release)
        if streams is None:
            statements = (
                statement
                for stream in self.streams
                if is_of_amazon_2(stream) and release.name == "amzn"
                for named in self._named[stream].values()
                for _, statement in named
            )
            streams = self._hosts[release] = HostStreams(release, self.streams, built_series(statements))
        return streams

    def compared(self, facts: HostFacts, subject: Subject) -> tuple[ComparedStatement, ...]:
        """Return every statement that names a package in a stream of its host: fixes by rising version, then statuses.

        The narrowest stream comes first, and the statements of a stream are adjacent.
        """
        streams = self.host_streams(release_of(facts))
        found: list[ComparedStatement] = []
        for stream in streams.applicable(subject.package) if streams.known else ():
            if stream.fallback and found:
                break
            statements = self._statements(stream, subject)
            found += statements.compared() if statements is not None else ()
        return tuple(found)

    def reason_unassessed(self, streams: HostStreams, package: Package) -> Unjudged | None:
        """Return why a package of the distribution cannot be judged on hosts of a release; None if it can."""
        scheme = self.schemes.get(package.manager.version_scheme)
        if scheme is not None and not scheme.is_valid(package.version):
            return Unjudged.UNORDERED_VERSION
        return streams.unjudged(package)

    def _installed_fix(self, match: Match, idle_kernels: Sequence[Subject]) -> Package | None:
        """Return the newest kernel on disk that the statement names and that has the fix."""
        best: tuple[bytes, Package] | None = None
        for subject in idle_kernels if match.fixed_key else ():
            name, version = _named(subject, match.target.kind)
            key = self._key(subject.package.manager, version)
            if name == match.target.name and key >= match.fixed_key and (best is None or key > best[0]):
                best = key, subject.package
        return best[1] if best else None

    def _subject_matches(self, applicable: tuple[ApplicableStream, ...], subject: Subject) -> tuple[Match, ...]:
        identity = (applicable, subject)
        known = self._known.get(identity)
        if known is None:
            hits = sorted(self._hits(applicable, subject), key=_hit_order)
            known = tuple(_match(subject, hit) for hit in hits)
            self._weight += 1 + len(known)
            if self._weight > MAX_MATCHES:
                self._known.clear()
                self._weight = 1 + len(known)
            self._known[identity] = known
        return known

    def _hits(self, applicable: tuple[ApplicableStream, ...], subject: Subject) -> Iterable[Hit]:
        best: dict[tuple[int, str], Hit] = {}
        decided: set[str] = set()
        unsupported: list[Hit] = []
        several = len(applicable) > 1
        named = False
        for stream in applicable:
            if stream.fallback and named:
                break
            statements = self._statements(stream, subject)
            if statements is None:
                continue
            named = True
            for hit in statements.affecting():
                if hit.state is FixState.END_OF_LIFE:
                    unsupported.append(hit)
                else:
                    _keep(best, hit, decided)
            if several or unsupported:
                decided |= statements.mentioned()
        _keep_unsupported(best, unsupported, decided)
        return best.values()

    def _statements(self, stream: ApplicableStream, subject: Subject) -> "StreamStatements | None":
        manager = subject.package.manager
        rebuilt = stream.inherited and stream.fixes and is_rebuilt(subject.package.version)
        buckets = []
        for kind in PackageKind:
            name, version = _named(subject, kind)
            bucket = self._bucket((stream.name, manager, kind, name, rebuilt))
            if bucket is not None:
                key = self._key(manager, without_rebuilder(version) if rebuilt else version)
                buckets.append((bucket, key, version))
        return StreamStatements(stream, subject.package, buckets) if buckets else None

    def _bucket(self, place: _Place) -> Bucket | None:
        """Return the statements of a stream about one name; None if there are none."""
        if place in self._buckets:
            return self._buckets[place]
        stream, manager, kind, name, rebuilt = place
        entries = [
            self._entry(advisory, statement, manager, rebuilt=rebuilt)
            for advisory, statement in self._named[stream].get(name, ())
            if statement.target.kind is kind
        ]
        if len(self._buckets) >= _MAX_REMEMBERED:
            self._buckets.clear()
        found = self._buckets[place] = bucket_of(entries) if entries else None
        return found

    def _entry(self, advisory: Advisory, statement: Fix | Status, manager: PackageManager, *, rebuilt: bool) -> Entry:
        match statement:
            case Fix(version=version, introduced=introduced):
                start = self._key(manager, introduced) if introduced else b""
                fixed = self._key(manager, without_rebuilder(version) if rebuilt else version)
                return Entry(advisory, statement, advisory.identities, fixed, start, minor_branch(version))
            case Status(vulnerability=one):
                return Entry(advisory, statement, (one,) if one else advisory.identities)

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


def _named(subject: Subject, kind: PackageKind) -> tuple[str, str]:
    """Return the name and version that statements of ``kind`` are compared with."""
    if kind is PackageKind.SOURCE:
        return subject.source_name, subject.source_version
    return subject.package.name, subject.version


def _keep(best: dict[tuple[int, str], Hit], hit: Hit, decided: set[str]) -> None:
    """Keep a hit for undecided vulnerabilities; of one advisory and stream, the strictest statement."""
    left = tuple(identity for identity in hit.identities if identity not in decided)
    if left:
        place = id(hit.entry.advisory), hit.entry.statement.target.stream
        known, found = best.get(place), hit._replace(identities=left)
        best[place] = found if known is None else _join(known, found)


def _keep_unsupported(best: dict[tuple[int, str], Hit], hits: list[Hit], decided: set[str]) -> None:
    """Keep the hits of ended support, narrowest stream first, for vulnerabilities without other statements."""
    for _, ended in groupby(hits, key=lambda hit: hit.entry.statement.target.stream):
        of_stream = tuple(ended)
        for hit in of_stream:
            _keep(best, hit, decided)
        decided.update(*(hit.identities for hit in of_stream))


def _join(first: Hit, second: Hit) -> Hit:
    """Return the stricter of two statements of one advisory, with the vulnerabilities of both."""
    either = {*first.identities, *second.identities}
    chosen = max(first, second, key=_demand)
    return chosen._replace(identities=tuple(name for name in first.entry.advisory.identities if name in either))


def _demand(hit: Hit) -> tuple[bool, bytes, str, str, tuple[str, ...], bytes]:
    """Order statements of one advisory by strictness; the other parts only make the order total."""
    target = hit.entry.statement.target
    return (
        isinstance(hit.entry.statement, Status),
        hit.entry.fixed,
        target.kind,
        target.module,
        target.architectures,
        hit.entry.introduced,
    )


def subject_order(subject: Subject) -> tuple[str, ...]:
    """Return the sort key of a package as it is judged."""
    package = subject.package
    return (
        package.name,
        package.version,
        package.architecture,
        package.module,
        subject.source_name,
        subject.source_version,
        subject.version,
    )


def _hit_order(hit: Hit) -> tuple[str, str, str, tuple[str, ...], str]:
    advisory = hit.entry.advisory
    return hit.entry.statement.target.stream, advisory.feed, advisory.id, hit.identities, advisory.published


def _match(subject: Subject, hit: Hit) -> Match:
    return Match(
        package=subject.package,
        advisory=hit.entry.advisory,
        statement=hit.entry.statement,
        vulnerabilities=hit.identities if hit.entry.advisory.vulnerabilities else (),
        version=hit.version,
        role=subject.role,
        inherited=hit.inherited,
        fixed_key=hit.entry.fixed,
    )
