"""Runs over the API."""

from pathlib import Path

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState as State
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, open_installation

NO_TEMPLATE = builders.template(99).arn
NO_RUN = builders.run(99).arn
CVE, CIS = PACKAGES[0].arn, PACKAGES[1].arn
TO_COLLECTING = (State.START_DATA_COLLECTION_PENDING, State.START_DATA_COLLECTION_IN_PROGRESS, State.COLLECTING_DATA)
TO_THE_END = (State.STOP_DATA_COLLECTION_PENDING, State.DATA_COLLECTED, State.EVALUATING_RULES, State.COMPLETED)


def test_a_new_run_is_described(call: Caller) -> None:
    attributes = [{"key": "Team", "value": "blue"}]
    template = call.template(call.target(), userAttributesForFindings=attributes)
    arn = call.run(template)
    now = call.built.clock.now().timestamp()
    assert call("DescribeAssessmentRuns", assessmentRunArns=[arn]) == {
        "assessmentRuns": [
            {
                "arn": arn,
                "name": "Run 1 for nightly",
                "assessmentTemplateArn": template,
                "state": "CREATED",
                "durationInSeconds": 3600,
                "rulesPackageArns": [CVE],
                "userAttributesForFindings": attributes,
                "createdAt": now,
                "stateChangedAt": now,
                "dataCollected": False,
                "stateChanges": [{"stateChangedAt": now, "state": "CREATED"}],
                "notifications": [],
                "findingCounts": {"High": 0, "Medium": 0, "Low": 0, "Informational": 0, "Undefined": 0},
            }
        ],
        "failedItems": {},
    }


def test_finished_run_has_its_timestamps(call: Caller) -> None:
    arn = call.run(call.template(call.target()))
    created = call.built.clock.now().timestamp()
    call.built.reached(arn, *TO_COLLECTING, *TO_THE_END)
    call.built.stores.assessments.set_finding_counts(arn, {Severity.HIGH: 3})
    (run,) = call("DescribeAssessmentRuns", assessmentRunArns=[arn])["assessmentRuns"]
    assert [change["state"] for change in run["stateChanges"]] == ["CREATED", *TO_COLLECTING, *TO_THE_END]
    assert (run["createdAt"], run["startedAt"], run["completedAt"]) == (created, created + 3, created + 7)
    assert (run["state"], run["stateChangedAt"], run["dataCollected"]) == ("COMPLETED", created + 7, True)
    assert run["findingCounts"] == {"High": 3, "Medium": 0, "Low": 0, "Informational": 0, "Undefined": 0}


@pytest.mark.parametrize(
    ("arguments", "exception", "code"),
    [
        ({"assessmentTemplateArn": "arn"}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_ARN"),
        ({"assessmentTemplateArn": NO_TEMPLATE}, "NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST"),
        ({}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_ARN"),
    ],
)
def test_a_start_is_refused(call: Caller, arguments: dict[str, object], exception: str, code: str) -> None:
    assert call.refusal("StartAssessmentRun", **arguments) == (exception, code)


def test_a_run_is_refused_for_its_name(call: Caller) -> None:
    template = call.template(call.target())
    call.run(template, assessmentRunName="taken")
    for name in ("taken", "", "n" * 141):
        exception, code = call.refusal("StartAssessmentRun", assessmentTemplateArn=template, assessmentRunName=name)
        assert exception == "InvalidInputException"
        assert str(code).startswith("INVALID_")


def test_a_template_without_packages_starts_no_run(call: Caller) -> None:
    template = call.template(call.target(), rulesPackageArns=[])
    assert call.refusal("StartAssessmentRun", assessmentTemplateArn=template) == (
        "InvalidInputException",
        "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS",
    )


def test_the_quota_is_a_limit_exceeded(tmp_path: Path) -> None:
    call = Caller(built=open_installation(tmp_path, runs=0))
    assert call.refusal("StartAssessmentRun", assessmentTemplateArn=call.template(call.target())) == (
        "LimitExceededException",
        "ASSESSMENT_RUN_LIMIT_EXCEEDED",
    )


@pytest.mark.parametrize(("hosts", "listed", "truncated"), [(10, 10, False), (11, 10, True)])
def test_busy_agents_are_named(call: Caller, hosts: int, listed: int, truncated: bool) -> None:  # noqa: FBT001
    agents = {call.built.heartbeat(number).id for number in range(hosts)}
    template = call.template(call.target())
    run = call.run(template)
    body = call.refused("StartAssessmentRun", assessmentTemplateArn=template)
    assert body["__type"] == "AgentsAlreadyRunningAssessmentException"
    assert {agent["agentId"] for agent in body["agents"]} <= agents
    assert {agent["assessmentRunArn"] for agent in body["agents"]} == {run}
    assert (len(body["agents"]), body["agentsTruncated"]) == (listed, truncated)


def test_a_stop_evaluates_by_default(call: Caller) -> None:
    run = call.run(call.template(call.target()))
    assert call("StopAssessmentRun", assessmentRunArn=run) == {}
    call("StopAssessmentRun", assessmentRunArn=run, stopAction="SKIP_EVALUATION")
    messages = [message for _, _, message in call.built.workflows.signals]
    assert messages == ["START_EVALUATION", "SKIP_EVALUATION"]
    exception, _ = call.refusal("StopAssessmentRun", assessmentRunArn=run, stopAction="PAUSE")
    assert exception == "InvalidInputException"


@pytest.mark.parametrize("operation", ["StopAssessmentRun", "DeleteAssessmentRun"])
def test_the_run_must_exist(call: Caller, operation: str) -> None:
    missing = ("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST")
    invalid = ("InvalidInputException", "INVALID_ASSESSMENT_RUN_ARN")
    assert call.refusal(operation, assessmentRunArn=NO_RUN) == missing
    assert call.refusal(operation, assessmentRunArn=NO_TEMPLATE) == invalid


def test_a_run_is_deleted_once_it_has_ended(call: Caller) -> None:
    run = call.run(call.template(call.target()))
    body = call.refused("DeleteAssessmentRun", assessmentRunArn=run)
    assert (body["__type"], body["assessmentRunArns"]) == ("AssessmentRunInProgressException", [run])
    call.built.end_run(run)
    call("StopAssessmentRun", assessmentRunArn=run)
    assert call("DeleteAssessmentRun", assessmentRunArn=run) == {}
    failed = call("DescribeAssessmentRuns", assessmentRunArns=[run, "arn"])
    assert failed == {
        "assessmentRuns": [],
        "failedItems": {
            run: {"failureCode": "ITEM_DOES_NOT_EXIST", "retryable": False},
            "arn": {"failureCode": "INVALID_ARN", "retryable": False},
        },
    }


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["ended", "fresh", "other"]),
        ({"namePattern": "*e*"}, ["ended", "fresh", "other"]),
        ({"namePattern": "e*"}, ["ended"]),
        ({"states": ["CREATED"]}, ["fresh", "other"]),
        ({"states": ["COMPLETED", "FAILED"]}, ["ended"]),
        ({"durationRange": {"minSeconds": 3600}}, ["ended", "fresh"]),
        ({"rulesPackageArns": [CIS]}, ["other"]),
        ({"startTimeRange": {"beginDate": 0}}, ["ended"]),
        ({"completionTimeRange": {"endDate": 4e9}}, ["ended"]),
        ({"stateChangeTimeRange": {"endDate": 1}}, []),
        ({"states": ["CREATED"], "rulesPackageArns": [CVE]}, ["fresh"]),
    ],
)
def test_filters_of_a_list(call: Caller, asked: dict[str, object], names: list[str]) -> None:
    target = call.target()
    template, second = call.template(target), call.template(target, "2", durationInSeconds=180, rulesPackageArns=[CIS])
    arns = {"ended": call.run(template, assessmentRunName="ended")}
    call.built.reached(arns["ended"], *TO_COLLECTING, *TO_THE_END)
    arns["fresh"] = call.run(template, assessmentRunName="fresh")
    call.built.clock.advance(1)
    arns["other"] = call.run(second, assessmentRunName="other")
    assert call("ListAssessmentRuns", filter=asked)["assessmentRunArns"] == [arns[name] for name in names]
    of_second = call("ListAssessmentRuns", filter=asked, assessmentTemplateArns=[second])["assessmentRunArns"]
    assert of_second == [arns[name] for name in names if name == "other"]


def test_ranges_include_their_ends(call: Caller) -> None:
    run = call.run(call.template(call.target()))
    call.built.end_run(run)
    ended = call.built.clock.now().timestamp()
    for begin, end, found in ((ended, ended, [run]), (ended + 1e-3, None, []), (None, ended - 1e-3, [])):
        asked = {"completionTimeRange": {"beginDate": begin, "endDate": end}}
        assert call("ListAssessmentRuns", filter=asked)["assessmentRunArns"] == found


@pytest.mark.parametrize(
    ("arguments", "exception", "code"),
    [
        ({"filter": {"states": ["DONE"]}}, "InvalidInputException", "INVALID_ASSESSMENT_RUN_STATE"),
        ({"filter": {"states": ["ERROR"] * 51}}, "InvalidInputException", "INVALID_NUMBER_OF_ASSESSMENT_RUN_STATES"),
        (
            {"filter": {"durationRange": {"minSeconds": 300, "maxSeconds": 200}}},
            "InvalidInputException",
            "INVALID_ASSESSMENT_RUN_DURATION_RANGE",
        ),
        (
            {"filter": {"startTimeRange": {"beginDate": 2, "endDate": 1}}},
            "InvalidInputException",
            "INVALID_ASSESSMENT_RUN_START_TIME_RANGE",
        ),
        (
            {"filter": {"completionTimeRange": {"beginDate": 2, "endDate": 1}}},
            "InvalidInputException",
            "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE",
        ),
        (
            {"filter": {"stateChangeTimeRange": {"beginDate": 2, "endDate": 1}}},
            "InvalidInputException",
            "INVALID_ASSESSMENT_RUN_STATE_CHANGE_TIME_RANGE",
        ),
        ({"filter": {"startTimeRange": {"beginDate": "now"}}}, "SerializationException", None),
        ({"assessmentTemplateArns": ["arn"]}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_ARN"),
        ({"assessmentTemplateArns": [NO_TEMPLATE]}, "NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST"),
    ],
)
def test_a_list_is_refused(call: Caller, arguments: dict[str, object], exception: str, code: str | None) -> None:
    assert call.refusal("ListAssessmentRuns", **arguments) == (exception, code)
