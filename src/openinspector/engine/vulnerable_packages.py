"""The body of a finding from a case: the vulnerability, its packages with their versions, and its ratings."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from openinspector.engine.case import Case
from openinspector.engine.kernel import KernelRole, running_release
from openinspector.engine.kernel_part import is_kernel_metapackage
from openinspector.engine.match import Match
from openinspector.engine.quotation import quotation
from openinspector.engine.rating import cve_record, ranked_scores
from openinspector.engine.severity import severity_of
from openinspector.model.advisory import Advisory, Score, Status
from openinspector.model.finding import (
    AdvisoryReference,
    AffectedPackage,
    Comparison,
    CveRecord,
    InstalledVersion,
    KernelState,
    Severity,
    VulnerablePackages,
)
from openinspector.model.inventory import OperatingSystem, Package, PackageManager

MAX_REMEMBERED: Final = 200_000
"""Maximum number of remembered ratings; a full memory is emptied."""


class _Rating(NamedTuple):
    """The part that all bodies of one vulnerability share, whichever packages have it."""

    severity: Severity
    advisories: tuple[AdvisoryReference, ...]
    places: Mapping[tuple[str, str], int]
    """Place of each advisory by feed and id."""
    scores: tuple[Score, ...]
    cwes: tuple[str, ...]
    record: CveRecord | None
    sources: tuple[Advisory, ...]
    """Kept alive, because their `id` is part of the rating's key."""


class BodyMaker:
    """Makes the bodies of one index's cases; the hosts of a fleet have the same vulnerability in different packages."""

    def __init__(self) -> None:
        self._ratings: dict[tuple[object, ...], _Rating] = {}

    def body_of(self, case: Case) -> VulnerablePackages:
        """Return the body of a case."""
        rating = self._rating(case)
        return VulnerablePackages(
            rule_id=case.identity,
            severity=rating.severity,
            is_cve=case.is_cve,
            packages=tuple(_affected(match, case, rating.places) for match in case.deciding),
            advisories=rating.advisories,
            exposure=case.exposure,
            scores=rating.scores,
            cwes=rating.cwes,
            record=rating.record,
            kernel_metapackages=_metapackages(case),
        )

    def _rating(self, case: Case) -> _Rating:
        key = (case.identity, case.scores, *map(id, case.advisories))
        rating = self._ratings.get(key)
        if rating is None:
            if len(self._ratings) >= MAX_REMEMBERED:
                self._ratings.clear()
            rating = self._ratings[key] = _rating_of(case)
        return rating


def _rating_of(case: Case) -> _Rating:
    record = case.record
    cwes = (*(cwe for advisory in case.advisories for cwe in advisory.cwes), *(record.cwes if record else ()))
    return _Rating(
        severity=severity_of(case.advisories, case.scores),
        advisories=tuple(_reference(advisory, case) for advisory in case.advisories),
        places={(advisory.feed, advisory.id): place for place, advisory in enumerate(case.advisories)},
        scores=ranked_scores(case.scores, {advisory.feed for advisory in case.advisories}),
        cwes=tuple(dict.fromkeys(cwes)),
        record=cve_record(record),
        sources=case.advisories,
    )


def installed_version(package: Package) -> InstalledVersion:
    """Return a package as bodies name it."""
    return InstalledVersion(
        name=package.name, version=package.version, architecture=package.architecture, manager=package.manager
    )


def _affected(match: Match, case: Case, places: Mapping[tuple[str, str], int]) -> AffectedPackage:
    statement, target = match.statement, match.target
    status = statement if isinstance(statement, Status) else None
    return AffectedPackage(
        package=installed_version(match.package),
        comparison=Comparison(
            advisory=places[match.advisory.feed, match.advisory.id],
            stream=target.stream,
            kind=target.kind,
            name=target.name,
            version=match.version,
            fixed=match.fixed_version,
            state=status.state if status is not None else None,
            word=status.word if status is not None else "",
            inherited=match.inherited,
        ),
        kernel=_kernel(match, case) if match.role is not KernelRole.ORDINARY else None,
    )


def _kernel(match: Match, case: Case) -> KernelState:
    system = case.kernel.only(OperatingSystem)
    return KernelState(
        release=running_release(case.kernel),
        uname=f"uname {system.kernel_release} {system.kernel_version}".strip() if system else "uname",
        runs=match.role is KernelRole.RUNNING,
        installed=case.is_installed(match),
        ready=installed_version(match.installed_fix) if match.installed_fix is not None else None,
    )


def _metapackages(case: Case) -> tuple[str, ...]:
    if all(match.role is KernelRole.ORDINARY for match in case.deciding):
        return ()
    return tuple(
        dict.fromkeys(
            package.name
            for package in case.kernel.all(Package)
            if package.manager is PackageManager.DPKG and is_kernel_metapackage(package) and "image" in package.name
        )
    )


def _reference(advisory: Advisory, case: Case) -> AdvisoryReference:
    return AdvisoryReference(
        id=advisory.id,
        feed=advisory.feed,
        priority=advisory.priority,
        summary=quotation(advisory.summary, case.identity),
        url=_link(advisory),
        day=case.days.get(advisory.feed, ""),
    )


def _link(advisory: Advisory) -> str:
    """Return the publisher's page of the advisory: the reference that contains its id, else the first."""
    plain = advisory.id.replace(":", "-")
    named = (url for url in advisory.references if advisory.id in url or plain in url)
    return next(named, advisory.references[0] if advisory.references else "")
