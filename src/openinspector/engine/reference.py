"""The slow, obvious matcher: the twin of `openinspector.engine.match` for differential tests.

It checks every statement against every package and every vulnerability, with the vendor's comparison and without
caches. Packages (`openinspector.engine.kernel`), streams and limits are shared; the search is separate.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openinspector.engine.extras import built_series
from openinspector.engine.kernel import Subject, subjects
from openinspector.engine.statements import fits
from openinspector.engine.streams import (
    RED_HAT,
    HostStreams,
    Speaker,
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
class _Said:
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
    statements = [_Said(advisory, statement) for advisory in advisories for statement in advisory.statements]
    release = release_of(facts)
    builds = built_series(said.statement for said in statements)
    streams = HostStreams(release, {said.statement.target.stream for said in statements}, builds)
    if not streams.known:
        return frozenset()
    found: dict[tuple[Package, Advisory, str], set[str]] = {}
    for subject in subjects(facts).judged:
        scheme = schemes[subject.package.manager.version_scheme]
        if streams.unjudged(subject.package) is not None or not scheme.is_valid(subject.package.version):
            continue
        speakers = streams.speakers(subject.package)
        for identity in sorted({identity for said in statements for identity in said.identities}):
            for said in _convicting(identity, subject, _spoken(speakers, subject, statements), scheme):
                key = (subject.package, said.advisory, said.statement.target.stream)
                found.setdefault(key, set()).update({identity} if said.advisory.vulnerabilities else ())
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


def _spoken(speakers: Iterable[Speaker], subject: Subject, statements: list[_Said]) -> Iterator[list[_Said]]:
    """Yield each stream's conclusions on the package, narrowest stream first."""
    named = False
    for speaker in speakers:
        about = [
            said
            for said in statements
            if said.statement.target.stream == speaker.stream and said.statement.target.name == _name(said, subject)
        ]
        if speaker.fallback and named:
            return
        named = named or bool(about)
        yield [
            said
            for said in about
            if fits(said.statement.target, subject.package) and (speaker.fixes or isinstance(said.statement, Status))
        ]


def _convicting(
    identity: str, subject: Subject, spoken: Iterator[list[_Said]], scheme: VersionScheme
) -> Iterator[_Said]:
    unsupported: list[list[_Said]] = []
    for stream in spoken:
        about = [said for said in stream if identity in said.identities]
        ended = [said for said in about if _is_end_of_life(said)]
        if len(ended) < len(about):
            yield from _judge([said for said in about if said not in ended], subject, scheme)
            return
        if ended:
            unsupported.append(ended)
    for about in unsupported[:1]:
        yield from _judge(about, subject, scheme)


def _judge(about: list[_Said], subject: Subject, scheme: VersionScheme) -> Iterator[_Said]:
    statuses = [said for said in about if isinstance(said.statement, Status)]
    fixes = [said for said in about if isinstance(said.statement, Fix)]
    if any(_is_denial(said) or _is_reached_in_branch(said, subject, scheme) for said in about):
        return
    for said in fixes:
        assert isinstance(said.statement, Fix)
        version, introduced = _compared(said, subject, _version(said, subject)), said.statement.introduced
        if introduced and scheme.compare(version, introduced) < 0:
            continue
        if scheme.compare(version, _compared(said, subject, said.statement.version)) < 0:
            yield said
    if not fixes:
        for said in statuses:
            if isinstance(said.statement, Status) and said.statement.state.is_affected:
                yield said


def _compared(said: _Said, subject: Subject, version: str) -> str:
    """Return the compared part of a version: of Red Hat's fixes and CentOS's builds, the part they have in common."""
    rebuilt = said.statement.target.stream.startswith(f"{RED_HAT}:") and is_rebuilt(subject.package.version)
    return without_rebuilder(version) if rebuilt else version


def _is_denial(said: _Said) -> bool:
    return isinstance(said.statement, Status) and said.statement.state is FixState.NOT_AFFECTED


def _is_reached_in_branch(said: _Said, subject: Subject, scheme: VersionScheme) -> bool:
    branch = minor_branch(subject.package.version)
    return (
        isinstance(said.statement, Fix)
        and bool(branch)
        and minor_branch(said.statement.version) == branch
        and scheme.compare(_version(said, subject), said.statement.version) >= 0
    )


def _is_end_of_life(said: _Said) -> bool:
    return isinstance(said.statement, Status) and said.statement.state is FixState.END_OF_LIFE


def _name(said: _Said, subject: Subject) -> str:
    return subject.source_name if said.statement.target.kind is PackageKind.SOURCE else subject.package.name


def _version(said: _Said, subject: Subject) -> str:
    return subject.source_version if said.statement.target.kind is PackageKind.SOURCE else subject.version
