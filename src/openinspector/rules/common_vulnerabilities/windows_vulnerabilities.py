"""Vulnerabilities of Windows itself: one detection for each host and CVE, by the build that runs.

The decision is `openinspector.engine.windows`. Reported as exclusions, each with its count:

- the build or its revision is unknown, or no feed speaks of the branch: nothing is assessed;
- vulnerabilities of the host's product whose fixed build Microsoft did not publish in a usable form;
- installed programs, Microsoft's own included: they are inventory. Their names do not identify products well enough.
"""

from collections.abc import Iterable
from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.not_assessed import both, not_covered
from openinspector.engine.rating import RATING_ATTRIBUTES, cve_record, ranked_scores
from openinspector.engine.rule import Detected, Detection, NotApplicable, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.engine.severity import severity_of
from openinspector.engine.windows import JudgedWindows, WindowsAssessment, WindowsMatch, assess_windows, windows_host
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import (
    AdvisoryReference,
    Severity,
    UpdateRestart,
    VulnerableWindows,
    WaitingUpdate,
    WindowsUpdate,
)
from openinspector.model.inventory import OperatingSystem
from openinspector.model.windows import WINDOWS, WindowsHotfix, WindowsInstallation, WindowsProgram

_LISTED: Final = 10
_BEFORE_10: Final = 10
"""Major version before which updates do not always raise the revision."""
_REGISTRY: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def evaluate(facts: HostFacts, context: RuleContext) -> Outcome:
    """Compare the host's build with the builds that Microsoft's CVE records name."""
    system = facts.only(OperatingSystem)
    if system is None:
        return unseen(facts, ("windows_os",)) or unable("The host did not say which operating system it runs.")
    if system.id != WINDOWS:
        return NotApplicable(reason="The host does not run Windows.")
    host = windows_host(facts)
    programs = _programs(facts)
    if host is None or host.version.revision_of_branch is None:
        return both(_no_build(system, host), programs)
    if not context.advisories.covers(facts.distribution):
        return both(not_covered(facts.distribution, context), programs)
    assessment = assess_windows(facts, host, context.advisories)
    unfinished = _joined([*_gaps(facts, assessment), *((programs,) if programs else ())])
    if not (assessment.matches or assessment.fixed or assessment.unknown):
        silent = unable(
            f"No advisory names {host.title} (build {host.version}) on {host.architecture or 'its architecture'}.",
            "Check the host's build and installation type with `openinspector agent collect --dry-run`.",
        )
        return both(silent, unfinished)
    if assessment.matches:
        detections = tuple(_detection(match, facts, assessment, context) for match in assessment.matches)
        return Detected(detections=detections, unfinished=unfinished)
    return Passed(unfinished=unfinished, evidence=_passed(assessment, context))


def _no_build(system: OperatingSystem, host: JudgedWindows | None) -> Unable:
    shown = host.version if host is not None else system.version_id or "of no readable version"
    return unable(
        f"The update revision (UBR) of Windows {shown} is unknown, and without it which updates are installed.",
        f"Let the agent read {_REGISTRY} (CurrentBuildNumber and UBR).",
    )


def _joined(found: Iterable[Unable]) -> Unable | None:
    joined: Unable | None = None
    for one in reversed(list(found)):
        joined = both(one, joined)
    return joined


def _gaps(facts: HostFacts, assessment: WindowsAssessment) -> Iterable[Unable]:
    """Yield what could not be assessed of Windows itself."""
    host = assessment.host
    if host.assumed:
        yield unable(
            f"{'Server' if host.server else 'Client'} and client share build {host.version.build}; {host.assumed}. "
            f"It was assessed as {host.title}.",
            "Update the agent: it then sends the installation type.",
        )
    if host.version.major < _BEFORE_10:
        gap = unseen(facts, ("windows_hotfixes",))
        if gap is not None:
            yield gap
    reasons = list(_unknown(assessment))
    if reasons:
        yield Unable(
            kind=ExclusionKind.UNKNOWN_BUILDS,
            reason=" ".join(reasons),
            recommendation="Compare the installed updates with the pages of these vulnerabilities in Microsoft's "
            "Security Update Guide.",
        )


def _unknown(assessment: WindowsAssessment) -> Iterable[str]:
    title = assessment.host.title
    if assessment.unknown:
        named = [one.vulnerability for one in assessment.unknown]
        yield f"Of {len(named)} vulnerabilities of {title} no fixed build is published: {_some(named)}."
    if assessment.other_architectures:
        named = list(assessment.other_architectures)
        yield f"{len(named)} vulnerabilities are stated for {title} on other architectures only: {_some(named)}."
    if assessment.newest[:7] < assessment.newest_of_branch[:7]:
        yield (
            f"Microsoft's records name {title} until {assessment.newest}, and other products with the same updates "
            f"until {assessment.newest_of_branch}: support of {title} may have ended."
        )


def _programs(facts: HostFacts) -> Unable | None:
    """Return the exclusion that lists the installed programs; None without any."""
    named = sorted({f"{one.name} {one.version}".strip() for one in facts.all(WindowsProgram)})
    if not named:
        return None
    return Unable(
        kind=ExclusionKind.PROGRAMS,
        reason=f"{len(named)} installed programs are inventory and not assessed: {_some(named)}.",
        recommendation="Check these programs with their vendors' advisories. `openinspector agent collect --dry-run` "
        "on the host lists them all.",
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")


def _detection(match: WindowsMatch, facts: HostFacts, assessment: WindowsAssessment, context: RuleContext) -> Detection:
    host, advisory, waiting = assessment.host, match.advisory, match.waiting
    scores = context.advisories.scores(match.vulnerability)
    record = context.advisories.vulnerability(match.vulnerability)
    installation = facts.only(WindowsInstallation)
    body = VulnerableWindows(
        rule_id=match.vulnerability,
        severity=severity_of((advisory,), scores),
        product=host.title,
        build=str(host.version),
        revision=host.version.revision_of_branch or 0,
        installation="Server Core" if host.core else "Server" if host.server else "Client",
        architecture=host.architecture,
        fixed=str(match.fixed),
        fixed_revision=match.fixed.revision or 0,
        stated_for=match.fix.target.name,
        advisory=AdvisoryReference(
            id=advisory.id,
            feed=advisory.feed,
            priority=advisory.priority,
            summary=advisory.summary,
            url=next(iter(advisory.references), ""),
        ),
        references=advisory.references,
        updates=tuple(
            WindowsUpdate(name=one.update, kind=one.kind, supersedes=bool(one.supersedes)) for one in match.remedies
        ),
        waiting=WaitingUpdate(kb=waiting.kb, package=waiting.package, state=waiting.state) if waiting else None,
        restart=_restart(match, facts),
        restart_pending=tuple(installation.restart_pending) if installation else (),
        is_cumulative=host.version.major >= _BEFORE_10,
        scores=tuple(ranked_scores(scores, {advisory.feed})),
        cwes=tuple(dict.fromkeys((*advisory.cwes, *(record.cwes if record else ())))),
        record=cve_record(record),
    )
    return Detection(subject=match.vulnerability, body=body)


def _restart(match: WindowsMatch, facts: HostFacts) -> UpdateRestart:
    if match.waiting is not None and _waits(match.waiting, facts):
        return UpdateRestart.PENDING
    return UpdateRestart.YES if match.needs_restart else UpdateRestart.NO


def _waits(waiting: WindowsHotfix, facts: HostFacts) -> bool:
    """Return True if a restart is all that an update waits for: it is installed, or Windows says so."""
    installation = facts.only(WindowsInstallation)
    return waiting.is_installed or (installation is not None and bool(installation.restart_pending))


def _passed(assessment: WindowsAssessment, context: RuleContext) -> Evidence:
    host = assessment.host
    return Evidence(
        statement=f"{host.title}, build {host.version}, has the fix of all {assessment.fixed} vulnerabilities whose "
        "fixed build is published.",
        because=tuple(
            Evidence(statement=f"Advisories of {feed} were in force.", source=fingerprint)
            for feed, fingerprint in sorted(context.advisories.fingerprints.items())
        ),
    )


RULE: Final = Rule(
    name="windows_vulnerabilities",
    title="Common vulnerabilities and exposures of Windows",
    severity=Severity.UNDEFINED,
    description="The build of Windows that runs has a vulnerability that Microsoft has fixed in a later one.",
    recommendation="Install the cumulative update that the finding names, and restart the host.",
    reads=(OperatingSystem, WindowsInstallation, WindowsHotfix, WindowsProgram),
    sensors=("windows_os", "windows_installation", "windows_hotfixes", "windows_software"),
    attributes=(
        "CVE_ID",
        "package_name",
        "package_version",
        "fixed_version",
        "KB",
        "RESTART",
        "ADVISORY_ID",
        "ADVISORY_FEED",
        "VENDOR_PRIORITY",
        *RATING_ATTRIBUTES,
    ),
    evaluate=evaluate,
)
