"""Findings are gathered by rule; nothing is lost and nothing repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.evaluate import NO_ISSUES_TITLE
from openinspector.model.asset import AssetAttributes
from openinspector.model.finding import AnyBody, Attribute, NoIssues, Severity
from openinspector.service.reports.builder import ReportBuilder
from openinspector.service.reports.content import ReportContent
from openinspector.testing import model_builders as builders
from openinspector.testing import report_builders as reports
from openinspector.testing.body_strategies import bodies


def finding_ids(content: ReportContent) -> list[str]:
    found = content.findings
    return [
        one
        for remedy in found
        for finding in remedy.findings
        for proof in finding.proofs
        for host in proof.hosts
        for one in host.findings
    ]


def test_a_rule_is_listed_once_with_all_its_instances() -> None:
    first, second = reports.small().findings
    assert (first.heading, first.severity, first.count) == ("CVE-2026-0001", Severity.HIGH, 3)
    assert (second.heading, second.package, second.count) == ("Disable root login over SSH", reports.PRACTICES, 1)
    (finding,) = first.findings
    hosts = [[one.hostname for one in proof.hosts] for proof in finding.proofs]
    assert hosts == [["host-1.example"], ["host-2.example", "host-3.example"]]
    assert first.title == ""


def test_attributes_every_finding_has_are_not_repeated() -> None:
    (rule,) = [found for found in reports.small().findings if found.package == reports.PRACTICES]
    assert rule.findings[0].proofs[0].hosts[0].user_attributes == (Attribute(key="Ticket", value="SEC-1"),)


def test_counts_are_those_of_instances_and_packages() -> None:
    content = reports.small()
    assert [sum(one.counts.values()) for one in content.instances] == [1, 2, 1]
    assert [one.exclusions for one in content.instances] == [0, 0, 1]
    assert [dict(package.counts) for package in content.packages] == [{Severity.HIGH: 3}, {Severity.MEDIUM: 1}]
    assert (content.total, content.affected) == (4, 3)
    assert [(remedy.recommendation, remedy.count) for remedy in content.remedies] == [("CVE-2026-0001", 3)]


def test_exclusions_with_the_same_text_are_merged() -> None:
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    for number in (2, 1, 3):
        builder.add_exclusion(builders.exclusion(number))
    (excluded,) = builder.build().exclusions
    assert excluded.instances == tuple(builders.agent_id(number) for number in (1, 2, 3))


def test_finding_without_an_instance_affects_no_instance() -> None:
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    body = NoIssues(rule_id=NO_ISSUES_TITLE, severity=Severity.INFORMATIONAL, hosts=3)
    builder.add_finding(builders.finding(1, asset=AssetAttributes(agent_id=""), body=body))
    content = builder.build()
    assert (content.total, content.affected) == (1, 0)


@pytest.mark.parametrize(("hosts", "rules"), [(1, 1), (7, 13), (20, 6)])
def test_every_finding_is_listed_once(hosts: int, rules: int) -> None:
    content = reports.large(hosts, rules)
    expected = [finding.arn.rpartition("/")[2] for finding in reports.findings(hosts, rules)]
    assert sorted(finding_ids(content)) == sorted(expected)
    assert content.total == sum(content.counts.values()) == len(expected)


@given(order=st.permutations(range(12)))
def test_order_of_findings_does_not_matter(order: list[int]) -> None:
    made = list(reports.findings(3, 4))
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    for place in order:
        builder.add_finding(made[place])
    assert builder.build() == reports.large(3, 4)


def test_findings_of_one_remedy_are_one_row_with_the_newest_fix() -> None:
    content = reports.vulnerable(10)
    (found,) = content.findings
    assert found.heading == "curl, libcurl4 ≥ 7.88.1-10+deb12u10"
    assert [issue.rule_id for issue in found.issues] == [
        "CVE-2026-0007",  # exploited in the wild
        *(f"CVE-2026-{number:04d}" for number in range(1, 11) if number != 7),
    ]
    assert (found.issues[0].exploited, found.issues[0].score, found.issues[0].epss) == (True, "9.8", "0.400")
    (finding,) = found.findings
    assert finding.recommendation == "apt-get update && apt-get install --only-upgrade curl libcurl4"
    assert [(proof.evidence, [host.hostname for host in proof.hosts]) for proof in finding.proofs] == [
        ("curl 7.88.1-10 (amd64)\nlibcurl4 7.88.1-10 (amd64)", ["host-1.example", "host-2.example"])
    ]
    assert len(finding_ids(content)) == content.total == 20
    assert [(remedy.recommendation, remedy.count) for remedy in content.remedies] == [(found.heading, 20)]


def test_vulnerabilities_of_windows_are_one_row_with_the_newest_build() -> None:
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    for number in (1, 12, 2):
        for host in (1, 2):
            asset, body = builders.asset(host), reports.vulnerable_windows(number)
            builder.add_finding(builders.finding(2 * number + host, asset=asset, body=body))
    (remedy,) = builder.build().findings
    assert (remedy.heading, remedy.count) == ("Windows Server 2022 ≥ 10.0.20348.2012", 6)
    assert [(issue.rule_id, issue.fixed, issue.findings) for issue in remedy.issues] == [
        ("CVE-2026-0001", "10.0.20348.2001", 2),
        ("CVE-2026-0002", "10.0.20348.2002", 2),
        ("CVE-2026-0012", "10.0.20348.2012", 2),
    ]
    (finding,) = remedy.findings
    assert "KB5000012 (Security Update)" in finding.recommendation
    assert [proof.evidence for proof in finding.proofs] == ["Windows Server 2022, build 10.0.20348.2000"]


def test_a_control_is_one_row_for_all_its_profiles() -> None:
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    for number, profile in enumerate(("Level 2 Server", "Level 1 Server")):
        builder.add_finding(builders.finding(number, body=reports.failed_control(profile)))
    (found,) = builder.build().findings
    assert (found.heading, found.count) == ("1.1.1.1 cramfs is not available", 2)
    assert found.title == "Debian Linux 12 v1.1.0: Level 1 Server, Level 2 Server"
    (finding,) = found.findings
    (proof,) = finding.proofs
    assert (finding.description, len(proof.hosts), len(proof.hosts[0].findings)) == ("", 1, 2)


@given(st.lists(bodies(), max_size=12))
def test_any_findings_are_each_in_the_report_once(made: list[AnyBody]) -> None:
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    for number, body in enumerate(made):
        builder.add_finding(builders.finding(number, body=body, asset=builders.asset(number % 3 + 1)))
    content = builder.build()
    assert len(finding_ids(content)) == content.total == len(made)
