"""Slow obvious evaluator of matching: the twin of `openinspector.engine.match` for differential tests.

It asks every statement of every advisory about every package, with the vendor's comparison and nothing remembered.
It reads the same packages (`openinspector.engine.kernel`) and limits; the search is its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openinspector.engine.kernel import Subject, subjects
from openinspector.engine.match import advisory_distributions, meets_limits
from openinspector.model.advisory import Advisory, AffectedPackage, FixState, PackageKind
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package
from openinspector.version import VersionScheme


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainMatch:
    """That a package meets an advisory, through which vulnerabilities."""

    package: Package
    feed: str
    advisory_id: str
    distribution: str
    vulnerabilities: frozenset[str]


def plain_matches(
    facts: HostFacts, advisories: Iterable[Advisory], schemes: Mapping[str, VersionScheme]
) -> frozenset[PlainMatch]:
    """Return everything that meets, in no order."""
    known = list(advisories)
    return frozenset(
        match
        for subject in subjects(facts).judged
        for advisory in known
        for distribution in advisory_distributions(facts.distribution)
        for match in _judge(subject, advisory, distribution, _Court(known, schemes[subject.package.manager]))
    )


@dataclass(frozen=True, slots=True)
class _Court:
    advisories: list[Advisory]
    scheme: VersionScheme


def _judge(subject: Subject, advisory: Advisory, distribution: str, court: _Court) -> Iterator[PlainMatch]:
    left: set[str] = set()
    for affected in advisory.affected:
        if affected.distribution == distribution and _meets(affected, subject, court.scheme):
            claimed = advisory.vulnerabilities or (advisory.id,)
            left |= {name for name in claimed if not _denied(name, affected, (advisory.feed, subject), court)}
    if left:
        yield PlainMatch(
            package=subject.package,
            feed=advisory.feed,
            advisory_id=advisory.id,
            distribution=distribution,
            vulnerabilities=frozenset(left) if advisory.vulnerabilities else frozenset(),
        )


def _meets(affected: AffectedPackage, subject: Subject, scheme: VersionScheme) -> bool:
    if affected.fix_state is FixState.NOT_AFFECTED or not _concerns(affected, subject, scheme):
        return False
    if affected.fix_state is FixState.OPEN:
        return True
    return scheme.compare(_version(affected, subject), affected.fixed_version) < 0


def _concerns(affected: AffectedPackage, subject: Subject, scheme: VersionScheme) -> bool:
    name = subject.source_name if affected.kind is PackageKind.SOURCE else subject.package.name
    introduced = affected.introduced_version
    return (
        affected.name == name
        and meets_limits(affected, subject.package)
        and (not introduced or scheme.compare(_version(affected, subject), introduced) >= 0)
    )


def _version(affected: AffectedPackage, subject: Subject) -> str:
    return subject.source_version if affected.kind is PackageKind.SOURCE else subject.version


def _denied(name: str, affected: AffectedPackage, case: tuple[str, Subject], court: _Court) -> bool:
    feed, subject = case
    return any(
        denial.fix_state is FixState.NOT_AFFECTED
        and (denial.distribution, denial.kind) == (affected.distribution, affected.kind)
        and _concerns(denial, subject, court.scheme)
        for advisory in court.advisories
        if advisory.feed == feed and name in (advisory.vulnerabilities or (advisory.id,))
        for denial in advisory.affected
    )
