"""Paper is bounded, and what is left out is counted."""

from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.reports.paper import MOST_INSTANCES, MOST_ISSUES, Paper, fit_paper
from openinspector.testing import report_builders as reports


def accounted(printed: Paper) -> int:
    shown = sum(
        len(host.findings)
        for found in printed.findings
        for finding in found.rule.findings
        for proof in finding.proofs
        for host in proof.hosts
    )
    left_out = sum(found.left_out for found in printed.findings)
    return shown + left_out + sum(rule.count for rule in printed.listed)


def test_small_report_is_printed_completely() -> None:
    content = reports.small()
    printed = fit_paper(content)
    assert [found.rule for found in printed.findings] == list(content.findings)
    assert (printed.shortened, printed.listed, printed.instances) == (False, (), content.instances)


@given(budget=st.integers(0, 200_000))
def test_every_finding_is_shown_or_counted(budget: int) -> None:
    content = reports.large(12, 15)
    printed = fit_paper(content, budget)
    assert accounted(printed) == content.total
    assert printed.shortened == (printed.findings != fit_paper(content).findings)
    assert [found.rule.heading for found in printed.findings] + [rule.heading for rule in printed.listed] == [
        rule.heading for rule in content.findings
    ]


def test_rules_show_fewer_instances_before_any_is_only_listed() -> None:
    printed = fit_paper(reports.large(400, 10), 60_000)
    assert printed.listed == ()
    assert {found.left_out for found in printed.findings} == {375}


def test_instances_with_most_findings_are_listed() -> None:
    printed = fit_paper(reports.frame(hosts=MOST_INSTANCES + 5))
    assert len(printed.instances) == MOST_INSTANCES


def test_vulnerabilities_beyond_the_first_rows_are_listed_by_id() -> None:
    (printed,) = fit_paper(reports.vulnerable(MOST_ISSUES + 3)).findings
    assert len(printed.issues) == MOST_ISSUES
    assert printed.other_issues == ("CVE-2026-0026", "CVE-2026-0027", "CVE-2026-0028")
