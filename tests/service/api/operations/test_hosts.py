"""One host in a run, search, and the picture of a finding's path."""

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.exclusion import ALL_INSTANCES, ExclusionKind, ExclusionPreview, exclusion_of, scopes_of
from openinspector.model.finding import Severity
from openinspector.model.path_picture import PathBox, PathPicture
from openinspector.service.ports.coverage_store import HostCoverage
from openinspector.service.ports.rule_result_store import CheckedRule
from openinspector.testing import model_builders as builders

FIRST, SECOND = builders.run(1), builders.run(2)
HOST, OTHER = builders.agent_id(1), builders.agent_id(2)
PICTURE = PathPicture(
    title="From the internet to <sshd>",
    boxes=(PathBox(kind="internet", name="internet"),),
    answer=("internet",),
    advice="TCP 22. Change rule sgr-1 to close this path.",
)


def excluded(kind: ExclusionKind, *, host: str | None = None, package: bool = False) -> ExclusionPreview:
    scopes = scopes_of(host, FIRST.rules_package_arns[0] if package else None) or (ALL_INSTANCES,)
    return ExclusionPreview(kind=kind, description="d", recommendation="r", scopes=scopes)


@pytest.fixture
def found(call: Caller) -> Caller:
    """Run 1 judged hosts 1 and 2. Run 2 is newer and has host 2 only."""
    built, store = call.built, call.built.stores.assessments
    store.add_target(builders.target())
    store.add_template(builders.template())
    for number in (1, 2, 3):
        built.heartbeat(number)
    store.add_run(FIRST, (HOST, OTHER))
    body = builders.stated_issue(1, severity=Severity.HIGH, picture=PICTURE)
    built.produced(builders.finding(1, FIRST.arn, body=body))
    rules = [
        CheckedRule(rules_package_arn=builders.rules_package_arn(), name=name, title=name, severity=Severity.LOW)
        for name in ("r1", "r2", "r3")
    ]
    built.stores.rule_results.record(
        FIRST.arn, rules, {HOST: [OutcomeKind.DETECTED, OutcomeKind.PASSED, OutcomeKind.UNABLE]}
    )
    coverage = HostCoverage(
        agent_id=HOST, counts={"AFFECTED": 1, "NOT_AFFECTED": 7, "NO_STATEMENT": 2}, score_sources={}, object_name="x"
    )
    built.stores.coverage.record(FIRST.arn, [coverage])
    previews = (
        excluded(ExclusionKind.CONTAINER_PACKAGES, host=HOST),
        excluded(ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE, host=HOST, package=True),
        excluded(ExclusionKind.RUN_STOPPED),
        excluded(ExclusionKind.AGENT_UNHEALTHY, host=OTHER),
    )
    built.produced(*(exclusion_of(FIRST.arn, one) for one in previews))
    built.complete_run(FIRST.arn)
    store.add_run(SECOND, (OTHER,))
    built.complete_run(SECOND.arn)
    built.assembly.run_summaries().make_pending()
    return call


def test_the_last_run_with_the_host(found: Caller) -> None:
    assert found("GetHost", agentId=HOST)["assessmentRunArn"] == FIRST.arn
    assert found("GetHost", agentId=OTHER)["assessmentRunArn"] == SECOND.arn
    assert found("GetHost", agentId=OTHER, assessmentRunArn=FIRST.arn)["assessmentRunArn"] == FIRST.arn


def test_counts_of_detected_passed_and_not_judged_rules(found: Caller) -> None:
    host = found("GetHost", agentId=HOST)
    assert {one["severity"]: one["count"] for one in host["severityCounts"] if one["count"]} == {"High": 1}
    assert host["rulesPackages"] == [
        {
            "rulesPackageArn": builders.rules_package_arn(),
            "detected": 1,
            "passed": 1,
            "notApplicable": 0,
            "notJudged": 1,
        }
    ]
    assert [rule["name"] for rule in host["notJudgedRules"]] == ["r3"]
    assert (host["packages"]["affected"], host["packages"]["notAffected"]) == (1, 7)
    assert [one["packages"] for one in host["packages"]["notAssessed"]] == [2]


def test_exclusions_of_the_host_and_of_the_target(found: Caller) -> None:
    titles = {one["title"] for one in found("GetHost", agentId=HOST)["exclusions"]}
    assert titles == {
        ExclusionKind.CONTAINER_PACKAGES,
        ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
        ExclusionKind.RUN_STOPPED,
    }


def test_a_host_of_no_run(found: Caller) -> None:
    host = found("GetHost", agentId=builders.agent_id(3))
    assert "assessmentRunArn" not in host
    assert host["hostname"] == "host-3.example"


def test_a_revoked_host_is_known_by_its_run(found: Caller) -> None:
    found.built.stores.agents.revoke(HOST, found.built.clock.now())
    host = found("GetHost", agentId=HOST)
    assert "hostname" not in host
    assert host["rulesPackages"]


def test_an_unknown_host(found: Caller) -> None:
    unknown = builders.agent_id(9)
    assert found.refusal("GetHost", agentId=unknown) == ("InvalidInputException", "INVALID_AGENT_ID")
    refused = found.refusal("GetHost", agentId=unknown, assessmentRunArn=FIRST.arn)
    assert refused == ("InvalidInputException", "INVALID_AGENT_ID")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("host-1", ["HOST"]),
        (HOST, ["HOST"]),
        (builders.target().name, ["TARGET"]),
        (builders.template().name, ["TEMPLATE"]),
        (FIRST.name, ["RUN"]),
        ("nothing of this name", []),
    ],
)
def test_search(found: Caller, text: str, kinds: list[str]) -> None:
    assert [one["kind"] for one in found("Search", text=text)["results"]] == kinds


def test_search_finds_issues_of_the_last_run(found: Caller) -> None:
    found("DeleteAssessmentRun", assessmentRunArn=SECOND.arn)
    (result,) = found("Search", text="cve-2026-0001")["results"]
    assert (result["kind"], result["id"]) == ("ISSUE", "CVE-2026-0001")


def test_the_picture_of_a_path(found: Caller) -> None:
    (picture,) = found("ListFindingPictures", findingArn=builders.finding(1, FIRST.arn).arn)["pictures"]
    assert picture["title"] == PICTURE.title
    assert "<sshd>" not in picture["svg"]
    assert picture["svg"].startswith("<svg")


def test_the_picture_of_an_unknown_finding(found: Caller) -> None:
    absent = builders.finding(99, FIRST.arn).arn
    assert found.refusal("ListFindingPictures", findingArn=absent) == (
        "NoSuchEntityException",
        "FINDING_DOES_NOT_EXIST",
    )
