"""The slow, obvious matcher: the twin of `openinspector.engine.match` for differential tests.

It checks every statement against every package and every vulnerability, with the vendor's comparison and without
caches. Packages (`openinspector.engine.kernel`), streams and limits are shared; the search is separate.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openinspector.engine.extras import built_series
from openinspector.engine.kernel import Subject, subjects
from openinspector.engine.statements import applies
from openinspector.engine.streams import (
    RED_HAT,
    ApplicableStream,
    HostStreams,
    is_rebuilt,
    minor_branch,
    release_of,
    without_rebuilder,
)
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package
from openinspector.version import VersionScheme


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainMatch:
    """An advisory that affects a package, and through which vulnerabilities."""

    package: Package
    feed: str
    advisory_id: str
    stream: str
    vulnerabilities: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Stated:
    advisory: Advisory
    statement: Fix | Status

    @property
    def identities(self) -> tuple[str, ...]:
        if isinstance(self.statement, Status) and self.statement.vulnerability:
            return (self.statement.vulnerability,)
        return self.advisory.identities


def plain_matches(
    facts: HostFacts, advisories: Iterable[Advisory], schemes: Mapping[str, VersionScheme]
) -> frozenset[PlainMatch]:
    """Return all matches, unordered."""
    statements = [_Stated(advisory, statement) for advisory in advisories for statement in advisory.statements]
    release = release_of(facts)
    builds = built_series(stated.statement for stated in statements)
    streams = HostStreams(release, {stated.statement.target.stream for stated in statements}, builds)
    if not streams.known:
        return frozenset()
    found: dict[tuple[Package, Advisory, str], set[str]] = {}
    for subject in subjects(facts).judged:
        scheme = schemes[subject.package.manager.version_scheme]
        if streams.unjudged(subject.package) is not None or not scheme.is_valid(subject.package.version):
            continue
        applicable = streams.applicable(subject.package)
        for identity in sorted({identity for stated in statements for identity in stated.identities}):
            for stated in _affecting(identity, subject, _by_stream(applicable, subject, statements), scheme):
                key = (subject.package, stated.advisory, stated.statement.target.stream)
                found.setdefault(key, set()).update({identity} if stated.advisory.vulnerabilities else ())
    return frozenset(
        PlainMatch(
            package=package,
            feed=advisory.feed,
            advisory_id=advisory.id,
            stream=stream,
            vulnerabilities=frozenset(names),
        )
        for (package, advisory, stream), names in found.items()
    )


def _by_stream(
    applicable: Iterable[ApplicableStream], subject: Subject, statements: list[_Stated]
) -> Iterator[list[_Stated]]:
    """Yield each stream's conclusions on the package, narrowest stream first."""
    named = False
    for stream in applicable:
        about = [
            stated
            for stated in statements
            if stated.statement.target.stream == stream.name and stated.statement.target.name == _name(stated, subject)
        ]
        if stream.fallback and named:
            return
        named = named or bool(about)
        yield [
            stated
            for stated in about
            if applies(stated.statement.target, subject.package)
            and (stream.fixes or isinstance(stated.statement, Status))
        ]


def _affecting(
    identity: str, subject: Subject, streams: Iterator[list[_Stated]], scheme: VersionScheme
) -> Iterator[_Stated]:
    unsupported: list[list[_Stated]] = []
    for stream in streams:
        about = [stated for stated in stream if identity in stated.identities]
        ended = [stated for stated in about if _is_end_of_life(stated)]
        if len(ended) < len(about):
            yield from _judge([stated for stated in about if stated not in ended], subject, scheme)
            return
        if ended:
            unsupported.append(ended)
    for about in unsupported[:1]:
        yield from _judge(about, subject, scheme)


def _judge(about: list[_Stated], subject: Subject, scheme: VersionScheme) -> Iterator[_Stated]:
    statuses = [stated for stated in about if isinstance(stated.statement, Status)]
    fixes = [stated for stated in about if isinstance(stated.statement, Fix)]
    if any(_is_denial(stated) or _is_reached_in_branch(stated, subject, scheme) for stated in about):
        return
    for stated in fixes:
        assert isinstance(stated.statement, Fix)
        version, introduced = _compared(stated, subject, _version(stated, subject)), stated.statement.introduced
        if introduced and scheme.compare(version, introduced) < 0:
            continue
        if scheme.compare(version, _compared(stated, subject, stated.statement.version)) < 0:
            yield stated
    if not fixes:
        for stated in statuses:
            if isinstance(stated.statement, Status) and stated.statement.state.is_affected:
                yield stated


def _compared(stated: _Stated, subject: Subject, version: str) -> str:
    """Return the compared part of a version: of Red Hat's fixes and CentOS's builds, the part they have in common."""
    rebuilt = stated.statement.target.stream.startswith(f"{RED_HAT}:") and is_rebuilt(subject.package.version)
    return without_rebuilder(version) if rebuilt else version


def _is_denial(stated: _Stated) -> bool:
    return isinstance(stated.statement, Status) and stated.statement.state is FixState.NOT_AFFECTED


def _is_reached_in_branch(stated: _Stated, subject: Subject, scheme: VersionScheme) -> bool:
    branch = minor_branch(subject.package.version)
    return (
        isinstance(stated.statement, Fix)
        and bool(branch)
        and minor_branch(stated.statement.version) == branch
        and scheme.compare(_version(stated, subject), stated.statement.version) >= 0
    )


def _is_end_of_life(stated: _Stated) -> bool:
    return isinstance(stated.statement, Status) and stated.statement.state is FixState.END_OF_LIFE


def _name(stated: _Stated, subject: Subject) -> str:
    return subject.source_name if stated.statement.target.kind is PackageKind.SOURCE else subject.package.name


def _version(stated: _Stated, subject: Subject) -> str:
    return subject.source_version if stated.statement.target.kind is PackageKind.SOURCE else subject.version
