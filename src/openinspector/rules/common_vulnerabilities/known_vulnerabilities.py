"""Known vulnerabilities of installed packages: one detection for each host and CVE (F5.9 to F5.15).

A detection gathers every package of the host and every advisory that the CVE concerns. An advisory that names no CVE
is a detection of its own, under the advisory's id. Packages that carry none of the vulnerable code are one detection
each (`openinspector.engine.by_products`). Packages that cannot be assessed are an exclusion:

- no advisory speaks of the host's release: the rules package does not support it (exclusion);
- a package database could not be read whole: the findings are true and stand, and an exclusion says that it may not
  be all; where nothing was found, absence proves nothing and the exclusion stands alone;
- packages of PyPI, npm and RubyGems are counted, not judged, unless the distribution brought them: then its advisories
  speak of the package they came in (ADR 0023). Packages in running containers are counted likewise (ADR 0024).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from openinspector.engine.by_products import by_product_detection, by_product_of
from openinspector.engine.case import Case
from openinspector.engine.completeness import unable, unseen
from openinspector.engine.evidence import Evidence
from openinspector.engine.fleet import Conclude, FleetJudge
from openinspector.engine.kernel import KernelRole, running_release
from openinspector.engine.kernel_part import is_kernel_metapackage
from openinspector.engine.match import AdvisoryIndex, Match, TooManyMatchesError
from openinspector.engine.not_assessed import (
    MANAGERS,
    REGISTRIES,
    both,
    either,
    not_assessed,
    not_covered,
    unread_databases,
    without_own_feed,
)
from openinspector.engine.rule import AGENT, Detected, Detection, Outcome, Passed, Rule, RuleContext
from openinspector.engine.severity import deciding_score, severity_of
from openinspector.model.activity import CodeModule, Process
from openinspector.model.advisory import (
    Advisory,
    PackageKind,
    Priority,
    RecordState,
    Status,
    Vulnerability,
)
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Attribute, Severity
from openinspector.model.inventory import (
    ContainerRoot,
    Kernel,
    ListeningPort,
    OperatingSystem,
    Package,
    PackageManager,
)

_MAX_SCORES: Final = 6
"""Scores shown as attributes: at most 3 attributes each, within the 50 of F6.6 with all others."""
_UPDATE: Final = {
    PackageManager.DPKG: "apt-get update && apt-get install --only-upgrade",
    PackageManager.RPM: "dnf upgrade",
    PackageManager.APK: "apk upgrade",
    PackageManager.PACMAN: "pacman -Syu",
}


def evaluate(facts: HostFacts, context: RuleContext) -> Outcome:
    """Match the host's packages against the advisories in force."""
    distribution = facts.distribution
    if not distribution:
        return unseen(facts, ("os_release",)) or unable("The host did not say which operating system it runs.")
    index = context.advisories
    try:
        judged = index.once(_judge_singly if context.single_by_products else _judge).judge(facts)
    except TooManyMatchesError as error:
        return _too_many(error)
    not_judged = either(without_own_feed(facts, index), not_assessed(facts, judged.unassessed, judged.others))
    if not index.covers(distribution):
        return both(not_covered(distribution, context), not_judged)
    unread = unread_databases(facts)
    unfinished = both(unread, not_judged) if unread else not_judged
    if judged.conclusions:
        return Detected(detections=judged.conclusions, unfinished=unfinished)
    if unread is not None:
        return both(unread, not_judged)
    packages = len(facts.all(Package)) - len(judged.others)
    return Passed(
        unfinished=not_judged,
        evidence=Evidence(
            statement=f"None of {packages} installed packages meets an advisory for {distribution}.",
            because=tuple(
                Evidence(statement=f"Advisories of {feed} were in force.", source=fingerprint)
                for feed, fingerprint in sorted(index.fingerprints.items())
            ),
        ),
    )


def _judge(index: AdvisoryIndex) -> FleetJudge[Detection]:
    """Return the judge of an index: by-products are one detection each."""
    return FleetJudge(index, _conclude(lambda package: by_product_of(package) is not None))


def _judge_singly(index: AdvisoryIndex) -> FleetJudge[Detection]:
    """Return the judge of an index: a by-product is part of each CVE's detection."""
    return FleetJudge(index, _conclude(lambda _: False))


def _conclude(is_by_product: Callable[[Package], bool]) -> Conclude[Detection]:
    return Conclude(of_case=_detection, of_by_product=_by_product, is_by_product=is_by_product)


def _by_product(matches: tuple[Match, ...]) -> Detection:
    return by_product_detection(AGENT, matches, _UPDATE[matches[0].package.manager])


def _too_many(error: TooManyMatchesError) -> Outcome:
    return unable(
        f"Vulnerabilities were not assessed: {error}.",
        "No installation has so many builds of packages. Compare the host's package database with what "
        "`openinspector agent collect --dry-run` sends.",
    )


def _detection(case: Case) -> Detection:
    verb = "is vulnerable to" if case.is_cve else "lacks the security update"
    title = f"Instance {AGENT} {verb} {case.identity}"
    return Detection(
        subject=case.identity,
        rule_id=case.identity,
        title=title,
        description=_description(case),
        recommendation=" ".join(_recommendations(case)),
        severity=severity_of(case.advisories, case.scores),
        evidence=Evidence(statement=title, because=tuple(_why(match, case) for match in case.deciding)),
        attributes=_attributes(case),
    )


def _description(case: Case) -> str:
    packages = "; ".join(dict.fromkeys(f"{match.package.name} {_version(match)}" for match in case.deciding))
    parts = [f"Affected on this host: {packages}."]
    parts += (f"{advisory.id} ({advisory.feed}): {advisory.summary}".rstrip(": ") for advisory in case.advisories)
    if case.record is not None:
        parts += _notes(case.record)
    links = " ".join(dict.fromkeys(_link(advisory) for advisory in case.advisories if advisory.references))
    return "\n\n".join([*parts, *([f"References: {links}"] if links else [])])


def _notes(record: Vulnerability) -> Iterable[str]:
    """Yield what a reader must know of the CVE besides the publishers' statements."""
    if record.kev is not None:
        yield f"It is exploited in the wild: in CISA's catalogue since {record.kev.added}."
    match record.state:
        case RecordState.REJECTED:
            yield "CVE has rejected this record; the publishers' statements still stand."
        case RecordState.DISPUTED:
            yield "The CVE record is disputed."
        case RecordState.PUBLISHED:
            pass


def _recommendations(case: Case) -> list[str]:
    """Return one sentence for each thing to do: update, restart, or wait."""
    updates: dict[str, str] = {}
    sentences: list[str] = []
    for match in case.deciding:
        if match.installed_fix is not None:
            sentences.append(_restart(match, case.kernel))
        elif not match.fixed_version:
            sentences.append(_no_fix(match))
        else:
            updates[match.package.name] = _goal(match)
    if updates:
        listed = ", ".join(f"{name} to {goal} or later" for name, goal in updates.items())
        manager = case.matches[0].package.manager
        sentences.insert(0, f"Update {listed} ({_UPDATE[manager]} {' '.join(_to_install(case, updates))}).")
        running = [match for match in case.deciding if match.role is KernelRole.RUNNING]
        if running and all(match.installed_fix is None for match in running):
            sentences.append("Restart the host afterwards, so that the new kernel runs.")
    return list(dict.fromkeys(sentences))


def _goal(match: Match) -> str:
    """Return what to update to; a source's version where the binary's is counted otherwise (``gcc-12-base``)."""
    target = match.target
    if target.kind is PackageKind.SOURCE and match.version != _version(match):
        return f"a build of {target.name} {match.fixed_version}"
    return f"version {match.fixed_version}"


def _to_install(case: Case, updates: Iterable[str]) -> list[str]:
    """Return the names to give to the package manager: Debian's kernels are updated through another package."""
    kernels = {match.package.name for match in case.deciding if match.role is not KernelRole.ORDINARY}
    if case.matches[0].package.manager is not PackageManager.DPKG or not kernels:
        return list(updates)
    drawing = [
        package.name
        for package in case.kernel.all(Package)
        if package.manager is PackageManager.DPKG and is_kernel_metapackage(package) and "image" in package.name
    ]
    return list(dict.fromkeys([*(name for name in updates if name not in kernels), *(drawing or sorted(kernels))]))


def _restart(match: Match, facts: HostFacts) -> str:
    installed_fix = match.installed_fix
    assert installed_fix is not None
    return (
        f"Restart the host: {installed_fix.name} {installed_fix.version} has the fix and is installed, "
        f"but kernel {running_release(facts)} (build {match.version}) still runs."
    )


def _no_fix(match: Match) -> str:
    statement, target = match.statement, match.target
    word = statement.word if isinstance(statement, Status) else ""
    said = f" The publisher says: {word}." if word else ""
    return (
        f"No fixed version of {target.name} is published yet for {target.stream} ({match.advisory.id}).{said} "
        f"Remove {match.package.name} if it is not needed, or limit access to it."
    )


def _attributes(case: Case) -> tuple[Attribute, ...]:
    deciding = case.deciding
    fixed = dict.fromkeys(match.fixed_version for match in deciding if match.fixed_version)
    values: dict[str, str] = {
        "CVE_ID": case.identity if case.is_cve else "",
        "package_name": ", ".join(dict.fromkeys(match.package.name for match in deciding)),
        "package_version": ", ".join(dict.fromkeys(_version(match) for match in deciding)),
        "fixed_version": ", ".join(fixed),
        "ADVISORY_ID": ", ".join(advisory.id for advisory in case.advisories),
        "ADVISORY_FEED": ", ".join(dict.fromkeys(advisory.feed for advisory in case.advisories)),
        "VENDOR_PRIORITY": min((advisory.priority for advisory in case.advisories), key=tuple(Priority).index).value,
        **_score_attributes(case),
        **_record_attributes(case),
        "EXPOSURE": case.exposure.value,
    }
    return tuple(Attribute(key=key, value=value) for key, value in values.items() if value)


def _record_attributes(case: Case) -> dict[str, str]:
    """Return weaknesses, the CVE record's state, EPSS and KEV, each where known."""
    record = case.record
    cwes = dict.fromkeys(
        (*(cwe for advisory in case.advisories for cwe in advisory.cwes), *(record.cwes if record else ()))
    )
    values = {"CWE": ", ".join(cwes)}
    if record is None:
        return values
    if record.state is not RecordState.PUBLISHED:
        values["CVE_STATE"] = record.state.value
    if record.epss is not None:
        values["EPSS_PROBABILITY"] = f"{record.epss.probability:.5f}"
        values["EPSS_PERCENTILE"] = f"{record.epss.percentile:.5f}"
        values["EPSS_DATE"] = record.epss.date
    if record.kev is not None:
        values["KEV_ADDED"] = record.kev.added
        values["KEV_DUE"] = record.kev.due
        values["KEV_RANSOMWARE"] = "yes" if record.kev.ransomware else "no"
    return values


def _score_attributes(case: Case) -> dict[str, str]:
    """Return the deciding score of each CVSS generation under its plain key, every other with its origin added."""
    feeds = {advisory.feed for advisory in case.advisories}
    values: dict[str, str] = {}
    rest = list(case.scores)
    while rest and len(values) < 3 * _MAX_SCORES:
        score = deciding_score(rest, feeds)
        assert score is not None
        rest.remove(score)
        name = f"CVSS{score.version[:1]}"
        suffix = f"_{score.origin.upper()[:32]}" if f"{name}_SCORE" in values else ""
        values.setdefault(f"{name}_SCORE{suffix}", str(score.base))
        values.setdefault(f"{name}_VECTOR{suffix}", score.vector)
        values.setdefault(f"{name}_ORIGIN{suffix}", score.origin)
    return values


def _why(match: Match, case: Case) -> Evidence:
    package, target = match.package, match.target
    kind = "source package" if target.kind is PackageKind.SOURCE else "package"
    statement = (
        f"says that {target.name} in {target.stream} is fixed in {match.fixed_version}"
        if match.fixed_version
        else f"has no fix for {target.name} in {target.stream}"
    )
    children = [
        Evidence(
            statement=f"{package.name} {package.version} ({package.architecture}) is "
            f"{'installed' if case.is_installed(match) else 'no longer installed, but runs'}.",
            source=f"{package.manager} database",
        ),
        *_kernel_evidence(match, case.kernel),
        Evidence(statement=f"{match.advisory.id} {statement}.", source=_link(match.advisory)),
    ]
    if match.fixed_version:
        order = f"{match.version} is older than {match.fixed_version} in the order of {package.manager}."
        children.append(Evidence(statement=f"Compared as {kind} {target.name}: {order}"))
    return Evidence(statement=f"{package.name} {_version(match)} is affected.", because=tuple(children))


def _kernel_evidence(match: Match, facts: HostFacts) -> Sequence[Evidence]:
    if match.role is KernelRole.ORDINARY:
        return ()
    release = running_release(facts)
    if not release:
        return (Evidence(statement="Which kernel runs is not known."),)
    system = facts.only(OperatingSystem)
    source = f"uname {system.kernel_release} {system.kernel_version}".strip() if system else "uname"
    if match.role is KernelRole.NOT_RUNNING:
        statement = f"It is not the running kernel: {release} runs, which is of no installed package."
        return (Evidence(statement=statement, source=source),)
    found = [Evidence(statement=f"The running kernel is {release}, build {match.version}.", source=source)]
    if match.installed_fix is not None:
        statement = (
            f"{match.installed_fix.name} {match.installed_fix.version} has the fix and would run after a restart."
        )
        found.append(Evidence(statement=statement, source=f"{match.installed_fix.manager} database"))
    return found


def _version(match: Match) -> str:
    """Return the version that is affected: the build that runs, where that is not the one on disk."""
    return match.version if match.role is KernelRole.RUNNING else match.package.version


def _link(advisory: Advisory) -> str:
    """Return the publisher's page of the advisory: the reference that carries its id, else the first."""
    plain = advisory.id.replace(":", "-")
    named = (url for url in advisory.references if advisory.id in url or plain in url)
    return next(named, advisory.references[0] if advisory.references else "")


RULE: Final = Rule(
    name="known_vulnerabilities",
    title="Common vulnerabilities and exposures",
    severity=Severity.UNDEFINED,
    description="An installed package has a vulnerability that its distribution has published.",
    recommendation="Update the package to the version the advisory names.",
    reads=(Package, ContainerRoot, OperatingSystem, Kernel, Process, CodeModule, ListeningPort),
    judges_packages=True,
    sensors=("os_release", *MANAGERS, *(manager.value for manager in REGISTRIES), "containers"),
    attributes=(
        "CVE_ID",
        "package_name",
        "package_version",
        "fixed_version",
        "ADVISORY_ID",
        "ADVISORY_FEED",
        "VENDOR_PRIORITY",
        *(f"CVSS{generation}_{part}*" for generation in (2, 3, 4) for part in ("SCORE", "VECTOR", "ORIGIN")),
        "CWE",
        "CVE_STATE",
        "EPSS_PROBABILITY",
        "EPSS_PERCENTILE",
        "EPSS_DATE",
        "KEV_ADDED",
        "KEV_DUE",
        "KEV_RANSOMWARE",
        "EXPOSURE",
        "BY_PRODUCT",
        "CLOSED_CVES",
        "UNFIXED_CVES",
    ),
    evaluate=evaluate,
    linux_only=True,
)
