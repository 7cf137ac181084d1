import uuid
from urllib.parse import urlsplit

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.model.arn import RunArn
from openinspector.model.run_state import AssessmentRunState
from openinspector.testing import model_builders as builders

FINDING = {"reportFileFormat": "HTML", "reportType": "FINDING"}


@pytest.fixture
def run(call: Caller) -> RunArn:
    made = call.run(call.template(call.target()))
    call.built.complete_run(made)
    return made


def test_report_is_polled_until_it_has_a_link(call: Caller, run: RunArn) -> None:
    assert call("GetAssessmentReport", assessmentRunArn=run, **FINDING) == {"status": "WORK_IN_PROGRESS"}
    (report,) = call.built.stores.reports.of_run(run)
    assert uuid.UUID(report.id).version == 4
    call.built.stores.reports.complete(report.id, call.built.clock.now(), b"wrapped")
    answer = call("GetAssessmentReport", assessmentRunArn=run, **FINDING)
    assert answer["status"] == "COMPLETED"
    assert urlsplit(answer["url"]).path == f"/reports/{report.id}"


def test_a_failure_has_no_link(call: Caller, run: RunArn) -> None:
    call("GetAssessmentReport", assessmentRunArn=run, **FINDING)
    (report,) = call.built.stores.reports.of_run(run)
    call.built.stores.reports.fail(report.id, call.built.clock.now())
    assert call("GetAssessmentReport", assessmentRunArn=run, **FINDING) == {"status": "FAILED"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"reportFileFormat": "DOCX"}, ("InvalidInputException", "INVALID_ATTRIBUTE")),
        ({"reportType": "SHORT"}, ("InvalidInputException", "INVALID_ATTRIBUTE")),
        ({"assessmentRunArn": "arn"}, ("InvalidInputException", "INVALID_ASSESSMENT_RUN_ARN")),
        ({"assessmentRunArn": builders.run(9).arn}, ("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST")),
    ],
)
def test_rejects_invalid_requests(
    call: Caller, run: RunArn, changed: dict[str, str], expected: tuple[str, str]
) -> None:
    assert call.refusal("GetAssessmentReport", **{"assessmentRunArn": run, **FINDING, **changed}) == expected


def test_a_run_in_progress_is_named(call: Caller) -> None:
    run = call.run(call.template(call.target()))
    body = call.refused("GetAssessmentReport", assessmentRunArn=run, **FINDING)
    assert body["__type"] == "AssessmentRunInProgressException"
    assert (body["assessmentRunArns"], body["assessmentRunArnsTruncated"], body["canRetry"]) == ([run], False, True)


def test_failed_run_never_has_a_report(call: Caller) -> None:
    run = call.run(call.template(call.target()))
    call.built.reached(run, AssessmentRunState.FAILED)
    body = call.refused("GetAssessmentReport", assessmentRunArn=run, **FINDING)
    assert (body["__type"], body["canRetry"]) == ("UnsupportedFeatureException", False)
    assert "FAILED" in body["message"]
