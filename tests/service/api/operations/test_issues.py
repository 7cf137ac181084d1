"""Views: a run's issues, findings as rows, hosts and feeds, of the run asked for or of the one that ended last."""

from typing import Any

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.model.finding import Attribute, NoIssues, Severity
from openinspector.testing import model_builders as builders

FIRST, SECOND = builders.run(1).arn, builders.run(2).arn
HIGH, LOW = Severity.HIGH, Severity.LOW
EXPLOITED = (Attribute(key="KEV_ADDED", value="2026-01-01"), Attribute(key="CVSS3_SCORE", value="9.8"))


@pytest.fixture
def found(call: Caller) -> Caller:
    """Run 1: CVE 1 on two hosts, CVE 2. Run 2: CVE 1 on one host, CVE 3 and the exploited CVE 4, both new."""
    built, store = call.built, call.built.stores.assessments
    store.add_target(builders.target())
    store.add_template(builders.template())
    for number in (1, 2):
        built.heartbeat(number)
        store.add_run(builders.run(number), ())
    other = builders.asset(2)
    built.produced(
        builders.finding(1, FIRST, severity=HIGH),
        builders.finding(11, FIRST, body=builders.stated_issue(1, severity=HIGH), asset=other),
        builders.finding(2, FIRST, severity=LOW),
        builders.finding(9, FIRST, body=NoIssues(rule_id="x", severity=Severity.INFORMATIONAL, hosts=2)),
        builders.finding(1, SECOND, severity=HIGH),
        builders.finding(3, SECOND, severity=HIGH, asset=other),
        builders.finding(4, SECOND, attributes=EXPLOITED, asset=other),
    )
    for run in (FIRST, SECOND):
        built.complete_run(run)
        built.assembly.run_summaries().make_pending()
    return call


def names(answer: dict[str, Any]) -> list[str]:
    return [issue["ruleName"][-1] for issue in answer["issues"]]


def counts(answer: dict[str, Any]) -> dict[str, int]:
    return {one["severity"]: one["count"] for one in answer["severityCounts"] if one["count"]}


def test_nothing_before_a_run_has_completed(call: Caller) -> None:
    assert call("ListIssues")["total"] == 0
    assert call("ListFindingRows")["findings"] == []
    assert call("ListHosts") == {"hosts": [], "total": 0}
    assert "latestRun" not in call("GetOverview")


def test_issues_of_the_run_that_ended_last(found: Caller) -> None:
    """The exploited one first, then by severity."""
    listed = found("ListIssues")
    assert (listed["assessmentRunArn"], names(listed), listed["total"]) == (SECOND, ["4", "1", "3"], 3)
    assert counts(listed) == {"High": 2, "Medium": 1}
    assert listed["issues"][0]["subject"] == "The host is vulnerable to CVE-2026-0004"
    assert (listed["issues"][0]["exploited"], listed["issues"][0]["score"]) == (True, "9.8")


def test_hosts_with_an_issue_are_counted(found: Caller) -> None:
    listed = found("ListIssues", assessmentRunArn=FIRST)
    assert [(issue["ruleName"][-1], issue["hosts"]) for issue in listed["issues"]] == [("1", 2), ("2", 1)]


def test_first_seen_is_of_an_earlier_run_of_the_template(found: Caller) -> None:
    first = found("ListIssues", assessmentRunArn=FIRST)["issues"][0]
    second = {issue["ruleName"][-1]: issue["firstSeenAt"] for issue in found("ListIssues")["issues"]}
    assert second["1"] == first["firstSeenAt"] < second["3"]
    assert names(found("ListIssues", onlyNew=True)) == ["4", "3"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"severities": ["High"]}, "13"),
        ({"severities": ["Low"]}, ""),
        ({"text": "cve-2026-0003"}, "3"),
        ({"text": "VULNERABLE TO"}, "413"),
        ({"text": "nothing"}, ""),
        ({"rulesPackageArns": [builders.rules_package_arn(7)]}, ""),
        ({"rulesPackageArns": [builders.rules_package_arn()], "severities": ["Medium", "High"]}, "413"),
    ],
)
def test_filtered_issues(found: Caller, asked: dict[str, Any], expected: str) -> None:
    listed = found("ListIssues", **asked)
    assert (names(listed), listed["total"]) == (list(expected), len(expected))


def test_pages_of_issues(found: Caller) -> None:
    pages = found.pages("ListIssues", "issues", maxResults=2)
    assert [[issue["ruleName"][-1] for issue in page] for page in pages] == [["4", "1"], ["3"]]


def test_finding_rows_are_ordered_by_severity(found: Caller) -> None:
    listed = found("ListFindingRows")
    assert [row["ruleName"][-1] for row in listed["findings"]] == ["1", "3", "4"]
    assert counts(listed) == {"High": 2, "Medium": 1}
    assert listed["rulesPackageCounts"] == [{"rulesPackageArn": builders.rules_package_arn(), "count": 3}]
    row = listed["findings"][1]
    assert (row["agentId"], row["hostname"]) == (builders.agent_id(2), "host-2.example")
    assert row["title"] == f"Instance {builders.agent_id(2)} is vulnerable to CVE-2026-0003"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_finding_rows(found: Caller, size: int) -> None:
    pages = found.pages("ListFindingRows", "findings", maxResults=size)
    assert [row["ruleName"][-1] for page in pages for row in page] == ["1", "3", "4"]
    assert len(pages) == -(-3 // size)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"agentIds": [builders.agent_id(2)]}, "34"),
        ({"ruleNames": ["CVE-2026-0001"]}, "1"),
        ({"severities": ["Medium"]}, "4"),
        ({"severities": ["High"], "agentIds": [builders.agent_id(2)]}, "3"),
        ({"ruleNames": ["CVE-2026-0009"]}, ""),
    ],
)
def test_filtered_finding_rows(found: Caller, asked: dict[str, Any], expected: str) -> None:
    listed = found("ListFindingRows", **asked)
    assert ([row["ruleName"][-1] for row in listed["findings"]], listed["total"]) == (list(expected), len(expected))


def test_hosts_with_their_findings(found: Caller) -> None:
    found.built.heartbeat(3)
    listed = found("ListHosts")
    assert [(host["hostname"], counts(host)) for host in listed["hosts"]] == [
        ("host-1.example", {"High": 1}),
        ("host-2.example", {"High": 1, "Medium": 1}),
        ("host-3.example", {}),
    ]
    assert listed["hosts"][0]["agentHealth"] in {"HEALTHY", "UNHEALTHY"}
    assert found("ListHosts", text="HOST-2")["total"] == 1
    assert [len(page) for page in found.pages("ListHosts", "hosts", maxResults=2)] == [2, 1]


def test_a_host_without_an_agent_is_listed(found: Caller) -> None:
    """An instance whose network was read."""
    found.built.stores.agents.revoke(builders.agent_id(2), found.built.clock.now())
    hosts = {host["agentId"]: host for host in found("ListHosts")["hosts"]}
    assert counts(hosts[builders.agent_id(2)]) == {"High": 1, "Medium": 1}


def test_overview(found: Caller) -> None:
    overview = found("GetOverview")
    latest = overview["latestRun"]
    assert latest["assessmentRunArn"] == SECOND
    assert (latest["issues"], latest["newIssues"], latest["goneIssues"]) == (3, 2, 1)
    assert (latest["exploitedIssues"], latest["affectedHosts"]) == (1, 2)
    assert names({"issues": overview["notableIssues"]}) == ["4", "1", "3"]
    assert (overview["hosts"], overview["runsInProgress"], overview["feeds"]) == (2, [], 0)


def test_tile_and_list_count_alike(found: Caller) -> None:
    assert found("GetOverview")["latestRun"]["severityCounts"] == found("ListIssues")["severityCounts"]


def test_feeds_are_listed_by_name(found: Caller) -> None:
    assert found("ListFeeds") == {"feeds": []}


@pytest.mark.parametrize("operation", ["ListIssues", "ListFindingRows", "ListHosts"])
def test_unknown_runs_are_refused(found: Caller, operation: str) -> None:
    assert found.refusal(operation, assessmentRunArn="x") == ("InvalidInputException", "INVALID_ASSESSMENT_RUN_ARN")
    absent = builders.run(99).arn
    assert found.refusal(operation, assessmentRunArn=absent) == (
        "NoSuchEntityException",
        "ASSESSMENT_RUN_DOES_NOT_EXIST",
    )


def test_a_deleted_run_has_no_summary(found: Caller) -> None:
    found("DeleteAssessmentRun", assessmentRunArn=SECOND)
    assert found("GetOverview")["latestRun"]["assessmentRunArn"] == FIRST


def test_issues_that_changed_between_two_runs(found: Caller) -> None:
    def changed(change: str, *runs: str) -> dict[str, Any]:
        return found("ListIssueChanges", assessmentRunArn=runs[0], baseAssessmentRunArn=runs[1], change=change)

    assert names(changed("NEW", SECOND, FIRST)) == ["4", "3"]
    assert names(changed("GONE", SECOND, FIRST)) == ["2"]
    assert names(changed("SAME", SECOND, FIRST)) == ["1"]
    assert names(changed("GONE", FIRST, SECOND)) == ["4", "3"]
    totals = changed("NEW", SECOND, FIRST)
    assert (totals["newIssues"], totals["goneIssues"], totals["sameIssues"]) == (2, 1, 1)
    pages = found.pages(
        "ListIssueChanges",
        "issues",
        assessmentRunArn=SECOND,
        baseAssessmentRunArn=FIRST,
        change="NEW",
        maxResults=1,
    )
    assert [len(page) for page in pages] == [1, 1]


def test_a_run_that_is_not_counted_is_not_compared(found: Caller) -> None:
    store = found.built.stores.assessments
    store.add_run(builders.run(3), ())
    refused = found.refusal(
        "ListIssueChanges", assessmentRunArn=builders.run(3).arn, baseAssessmentRunArn=FIRST, change="NEW"
    )
    assert refused == ("InvalidInputException", "INVALID_ASSESSMENT_RUN_ARN")
