"""Builders of report contents: a small one with every part, a hostile one, and one of any size."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.advisory import Exploitability, KnownExploit, PackageKind, Priority, Score
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.exposure import Exposure
from openinspector.model.finding import (
    AdvisoryReference,
    AffectedPackage,
    Attribute,
    Comparison,
    CveRecord,
    FailedControl,
    Finding,
    InstalledVersion,
    Severity,
    VulnerablePackages,
    VulnerableWindows,
    WindowsUpdate,
)
from openinspector.model.inventory import PackageManager
from openinspector.model.report import ReportType
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.rule_result_store import CheckedRule, RuleTally
from openinspector.service.reports.builder import ReportBuilder
from openinspector.service.reports.content import (
    ReportContent,
    ReportedCoverage,
    ReportedFeed,
    ReportedGap,
    ReportedInstance,
    ReportedPackage,
    ReportedRun,
)
from openinspector.testing import model_builders as builders

CVE_PACKAGE: Final = "Common Vulnerabilities and Exposures-1.1"
PRACTICES: Final = "Security Best Practices-1.1"
NAMES: Final = {str(builders.rules_package_arn(1)): CVE_PACKAGE, str(builders.rules_package_arn(2)): PRACTICES}


def frame(hosts: int = 3, **fields: Any) -> ReportContent:
    """Return a full report over ``hosts`` hosts in which nothing was found yet."""
    made = ReportContent(
        type=ReportType.FULL,
        made_at=builders.moment(7200),
        made_by="openinspector 1.2.3",
        run=ReportedRun(
            arn=builders.run().arn,
            name="Quarterly assessment",
            state=AssessmentRunState.COMPLETED_WITH_ERRORS,
            template="web servers, nightly",
            target="web servers",
            selected_by=(Attribute(key="Environment", value="Production"), Attribute(key="Public")),
            created_at=builders.moment(0),
            started_at=builders.moment(2),
            completed_at=builders.moment(600),
            duration_seconds=3600,
            user_attributes=(Attribute(key="Team", value="blue"),),
        ),
        packages=tuple(
            ReportedPackage(
                name=name, version="1.1", provider="openinspector", description=f"Rules of {name}.", counts={}
            )
            for name in NAMES.values()
        ),
        feeds=(
            ReportedFeed(
                name="debian",
                advisories=41_234,
                published_at=builders.START - timedelta(hours=30),
                fetched_at=builders.START - timedelta(hours=2),
            ),
        ),
        coverage=ReportedCoverage(
            affected=12,
            not_affected=340,
            not_assessed=(ReportedGap(reason="no loaded advisory names the package", packages=48),),
            scored=9,
            unscored=4,
            score_sources=("kev of 2026-11-24", "nvd of 2026-11-25"),
        ),
        instances=tuple(instance(number) for number in range(1, hosts + 1)),
        exclusions=(),
        findings=(),
        rules=(),
    )
    return replace(made, **fields)


def instance(number: int, **fields: Any) -> ReportedInstance:
    """Return a host that took part."""
    made = ReportedInstance(
        agent_id=builders.agent_id(number),
        hostname=f"host-{number}.example",
        system="Debian GNU/Linux 12 (bookworm)",
        address=f"192.0.2.{number % 256}",
        counts={},
        exclusions=0,
    )
    return replace(made, **fields)


def small() -> ReportContent:
    """Return a full report with one of everything."""
    builder = ReportBuilder(frame(), NAMES)
    blue = (Attribute(key="Team", value="blue"),)
    for number, host in ((1, 1), (2, 2), (3, 3)):
        asset = builders.asset(host)
        builder.add_finding(
            builders.finding(
                number,
                title=f"Instance {asset.agent_id} is vulnerable to CVE-2026-0001",
                attributes=(
                    Attribute(key="INSTANCE_ID", value=asset.agent_id),
                    Attribute(key="package_name", value="openssl"),
                ),
                evidence=Evidence(statement="openssl 3.0.0 is installed")
                if host == 1
                else Evidence(statement="openssl 3.0.1 is installed", because=(Evidence(statement="fixed in 3.0.2"),)),
                asset=asset,
                rule_id="CVE-2026-0001",
                user_attributes=blue,
                severity=Severity.HIGH,
            )
        )
    builder.add_finding(
        builders.finding(
            4,
            asset=builders.asset(2),
            rules_package_arn=builders.rules_package_arn(2),
            rule_id="Disable root login over SSH",
            title=f"Instance {builders.agent_id(2)} is configured to allow users to log in with root credentials",
            recommendation="Set PermitRootLogin to no.",
            attributes=(),
            user_attributes=(*blue, Attribute(key="Ticket", value="SEC-1")),
        )
    )
    builder.add_exclusion(builders.exclusion(9))
    builder.add_exclusion(
        replace(
            builders.exclusion(10),
            preview=ExclusionPreview(
                kind=ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
                description=f"On instance {builders.agent_id(3)} these rules could not be completed:\n- SSH",
                recommendation="Let the agent read /etc/ssh.",
                scopes=(
                    Scope(key=ScopeKey.INSTANCE_ID, value=builders.agent_id(3)),
                    Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=builders.rules_package_arn(2)),
                ),
            ),
        )
    )
    builder.add_rules(tuple(tallies()))
    return builder.build()


def vulnerable(cves: int) -> ReportContent:
    """Return a report of two hosts that lack the fixes of that many CVEs of curl; the seventh is exploited."""
    builder = ReportBuilder(frame(), NAMES)
    for number in range(1, cves + 1):
        for host in (1, 2):
            body = vulnerable_packages(number, exploited=number == 7)  # noqa: PLR2004 - any one
            builder.add_finding(builders.finding(2 * number + host, asset=builders.asset(host), body=body))
    return builder.build()


def vulnerable_packages(number: int, *, exploited: bool = False) -> VulnerablePackages:
    """Return a CVE of curl that revision ``number`` of Debian 12's package fixes."""
    return VulnerablePackages(
        rule_id=f"CVE-2026-{number:04d}",
        severity=Severity.HIGH,
        is_cve=True,
        packages=tuple(
            AffectedPackage(
                package=InstalledVersion(
                    name=name, version="7.88.1-10", architecture="amd64", manager=PackageManager.DPKG
                ),
                comparison=Comparison(
                    advisory=0,
                    stream="debian:12",
                    kind=PackageKind.SOURCE,
                    name="curl",
                    version="7.88.1-10",
                    fixed=f"7.88.1-10+deb12u{number}",
                ),
            )
            for name in ("curl", "libcurl4")
        ),
        advisories=(
            AdvisoryReference(
                id=f"DSA-{number}-1", feed="debian_dsa", priority=Priority.HIGH, summary=f"Flaw {number} in a parser."
            ),
        ),
        exposure=Exposure.INSTALLED,
        scores=(Score(version="3.1", base=9.8, vector="CVSS:3.1/AV:N", origin="nvd"),),
        record=CveRecord(
            epss=Exploitability(probability=0.4, percentile=0.9, date="2026-11-30"),
            kev=KnownExploit(added="2026-11-01") if exploited else None,
        ),
    )


def vulnerable_windows(number: int) -> VulnerableWindows:
    """Return a CVE that revision 2000 + ``number`` of Windows Server 2022 fixes, on a host with revision 2000."""
    cve = f"CVE-2026-{number:04d}"
    return VulnerableWindows(
        rule_id=cve,
        severity=Severity.HIGH,
        product="Windows Server 2022",
        build="10.0.20348.2000",
        revision=2000,
        installation="Server",
        architecture="x86_64",
        fixed=f"10.0.20348.{2000 + number}",
        fixed_revision=2000 + number,
        stated_for="Windows Server 2022",
        advisory=AdvisoryReference(id=cve, feed="microsoft", priority=Priority.HIGH, summary=f"Flaw {number}."),
        updates=(WindowsUpdate(name=f"KB{5_000_000 + number}", kind="Security Update"),),
    )


def failed_control(profile: str) -> FailedControl:
    """Return a control of a benchmark that a host does not meet."""
    return FailedControl(
        rule_id="1.1.1.1 cramfs is not available",
        severity=Severity.MEDIUM,
        product="Debian Linux 12",
        version="1.1.0",
        number="1.1.1.1",
        title="cramfs is not available",
        benchmark=f"1.1.0 Debian Linux 12 Benchmark {profile}",
        profile=profile,
        remedy="Write `install cramfs /bin/false`.",
        evidence=Evidence(statement="No file in modprobe.d has an install line for cramfs"),
    )


def tallies() -> Iterator[RuleTally]:
    """Yield the outcomes of three rules on three hosts."""
    first, second, third = (builders.agent_id(number) for number in (1, 2, 3))
    everywhere = (first, second, third)
    yield _tally(1, "Common vulnerabilities and exposures", Severity.UNDEFINED, {OutcomeKind.DETECTED: everywhere})
    outcomes = {OutcomeKind.PASSED: (first,), OutcomeKind.DETECTED: (second,), OutcomeKind.UNABLE: (third,)}
    yield _tally(2, "Disable root login over SSH", Severity.MEDIUM, outcomes)
    passed = {OutcomeKind.PASSED: (first, second), OutcomeKind.NOT_APPLICABLE: (third,)}
    yield _tally(2, "Support SSH version 2 only", Severity.MEDIUM, passed)


def with_words(words: str) -> ReportContent:
    """Return a full report in which every foreign text is ``words``."""
    empty = frame()
    pair = (Attribute(key=words, value=words),)
    run = replace(empty.run, name=words, template=words, target=words, selected_by=pair, user_attributes=pair)
    hosts = tuple(instance(number, hostname=words, system=words, address=words) for number in (1, 2))
    feeds = tuple(replace(feed, name=words) for feed in empty.feeds)
    builder = ReportBuilder(replace(empty, run=run, instances=hosts, feeds=feeds), NAMES)
    texts: dict[str, Any] = dict.fromkeys(("rule_id", "title", "description", "recommendation"), words)
    texts["evidence"] = Evidence(statement=words)
    for number in (1, 2):
        asset = builders.asset(number, hostname=words)
        extra = (Attribute(key=words, value=f"{words}{number}"),)
        builder.add_finding(builders.finding(number, asset=asset, attributes=pair, user_attributes=extra, **texts))
    preview = ExclusionPreview(
        kind=ExclusionKind.AGENT_NOT_FOUND,
        description=words,
        recommendation=words,
        scopes=(Scope(key=ScopeKey.INSTANCE_ID, value=words),),
    )
    builder.add_exclusion(replace(builders.exclusion(9), preview=preview))
    builder.add_rules([_tally(1, words, Severity.LOW, {OutcomeKind.PASSED: (builders.agent_id(),)})])
    return builder.build()


def findings(hosts: int, rules: int) -> Iterator[Finding]:
    """Yield a finding of each of ``rules`` rules on each of ``hosts`` hosts; a tenth of them for its own reason."""
    severities = tuple(Severity)
    for host in range(1, hosts + 1):
        asset = builders.asset(host)
        for rule in range(1, rules + 1):
            number = host * rules + rule
            name = f"CVE-2026-{rule:05d}"
            installed = f"1.{rule % 10}.{host if (host + rule) % 10 == 0 else 0}"
            yield builders.finding(
                number,
                asset=asset,
                rule_id=name,
                title=f"Instance {asset.agent_id} is vulnerable to {name}",
                description=f"{name}: a flaw in library-{rule} lets remote attackers crash it. " * 8,
                recommendation=f"Update library-{rule} to version 2.{rule} or later.",
                severity=severities[rule % len(severities)],
                attributes=(
                    Attribute(key="INSTANCE_ID", value=asset.agent_id),
                    Attribute(key="package_name", value=f"library-{rule}"),
                    Attribute(key="package_version", value=installed),
                ),
                evidence=Evidence(
                    statement=f"library-{rule} {installed} is affected.",
                    because=(Evidence(statement="It is installed.", source="dpkg database"),),
                ),
            )


def large(hosts: int, rules: int) -> ReportContent:
    """Return a full report of that many findings."""
    builder = ReportBuilder(frame(hosts), NAMES)
    for finding in findings(hosts, rules):
        builder.add_finding(finding)
    return builder.build()


def _tally(package: int, title: str, severity: Severity, hosts: dict[OutcomeKind, tuple[Any, ...]]) -> RuleTally:
    rule = CheckedRule(
        rules_package_arn=builders.rules_package_arn(package),
        name=title.lower().replace(" ", "_"),
        title=title,
        severity=severity,
    )
    return RuleTally(rule=rule, hosts=hosts)
