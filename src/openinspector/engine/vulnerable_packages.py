"""The body of a finding from a case: the vulnerability, its packages with their versions, and its ratings."""

from collections.abc import Mapping

from openinspector.engine.case import Case
from openinspector.engine.kernel import KernelRole, running_release
from openinspector.engine.kernel_part import is_kernel_metapackage
from openinspector.engine.match import Match
from openinspector.engine.quotation import quotation
from openinspector.engine.rating import cve_record, ranked_scores
from openinspector.engine.severity import severity_of
from openinspector.model.advisory import Advisory, Status
from openinspector.model.finding import (
    AdvisoryReference,
    AffectedPackage,
    Comparison,
    InstalledVersion,
    KernelState,
    VulnerablePackages,
)
from openinspector.model.inventory import OperatingSystem, Package, PackageManager


def vulnerable_packages(case: Case) -> VulnerablePackages:
    """Return the body of a case."""
    places = {(advisory.feed, advisory.id): place for place, advisory in enumerate(case.advisories)}
    record = case.record
    cwes = (*(cwe for advisory in case.advisories for cwe in advisory.cwes), *(record.cwes if record else ()))
    return VulnerablePackages(
        rule_id=case.identity,
        severity=severity_of(case.advisories, case.scores),
        is_cve=case.is_cve,
        packages=tuple(_affected(match, case, places) for match in case.deciding),
        advisories=tuple(_reference(advisory, case) for advisory in case.advisories),
        exposure=case.exposure,
        scores=ranked_scores(case.scores, {advisory.feed for advisory in case.advisories}),
        cwes=tuple(dict.fromkeys(cwes)),
        record=cve_record(record),
        kernel_metapackages=_metapackages(case),
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
