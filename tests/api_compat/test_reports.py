"""Reports with a real client: asked for until there is a link, and the link followed over TLS."""

import ssl
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests.api_compat.assessments import make_template, refusal, refused, start_run
from tests.api_compat.endpoint import Endpoint

from openinspector.model.arn import RunArn
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.dispatch import routes
from openinspector.service.api.report_download import routes as report_routes
from openinspector.service.worker.report_process import lay_out
from openinspector.testing import model_builders as builders

ASKED = {"reportFileFormat": "PDF", "reportType": "FULL"}


class AtOnce:
    """A workflow's context that does every step at once."""

    def step(self, name: str, action: Any) -> str:
        del name
        return str(action())

    def wait(self, topic: str, seconds: float) -> str | None:
        raise AssertionError((topic, seconds))


@pytest.fixture
def run(endpoint: Endpoint, client: Any) -> RunArn:
    made = start_run(client, make_template(client))
    endpoint.built.complete_run(made)
    endpoint.built.produced(builders.finding(1, made))
    return made


def test_a_report_from_the_first_question_to_the_file(endpoint: Endpoint, client: Any, run: RunArn) -> None:
    built = endpoint.built
    assert client.get_assessment_report(assessmentRunArn=run, **ASKED)["status"] == "WORK_IN_PROGRESS"
    (report,) = built.stores.reports.of_run(run)
    built.assembly.report_maker(lay_out)(AtOnce(), report.id)
    answer = client.get_assessment_report(assessmentRunArn=run, **ASKED)
    assert answer["status"] == "COMPLETED"
    assert len(answer["url"]) <= 2048
    links, vault = built.services.report_links, built.around.report_vault
    download = report_routes(built.stores.reports, vault, links, built.clock.now)
    endpoint.listener.application = Starlette(routes=[*routes(built.services), *download])
    # The simulated installation does not know which port the listener took.
    url = endpoint.url + answer["url"].partition("8443")[2]
    fetched = httpx.get(url, verify=ssl.create_default_context(cafile=str(endpoint.listener.ca)), trust_env=False)
    assert fetched.status_code == 200
    assert fetched.content.startswith(b"%PDF-")


def test_a_failure_is_reported(endpoint: Endpoint, client: Any, run: RunArn) -> None:
    client.get_assessment_report(assessmentRunArn=run, **ASKED)
    (report,) = endpoint.built.stores.reports.of_run(run)
    endpoint.built.stores.reports.fail(report.id, endpoint.built.clock.now())
    answer = client.get_assessment_report(assessmentRunArn=run, **ASKED)
    assert answer["status"] == "FAILED"
    assert "url" not in answer


def test_rejects_invalid_requests(endpoint: Endpoint, client: Any, run: RunArn) -> None:
    ask = "get_assessment_report"
    assert refusal(client, ask, assessmentRunArn="arn:" + "x" * 20, **ASKED) == (
        400,
        "InvalidInputException",
        "INVALID_ASSESSMENT_RUN_ARN",
    )
    assert refusal(client, ask, assessmentRunArn=run, reportFileFormat="DOCX", reportType="FULL") == (
        400,
        "InvalidInputException",
        "INVALID_ATTRIBUTE",
    )
    absent = builders.run(9).arn
    assert refusal(client, ask, assessmentRunArn=absent, **ASKED) == (
        400,
        "NoSuchEntityException",
        "ASSESSMENT_RUN_DOES_NOT_EXIST",
    )
    reader = endpoint.client(endpoint.another_key("inspector:ListFindings"))
    assert refusal(reader, ask, assessmentRunArn=run, **ASKED)[:2] == (400, "AccessDeniedException")


def test_a_run_that_has_not_ended_well(endpoint: Endpoint, client: Any) -> None:
    run = start_run(client, make_template(client))
    in_progress = refused(client, "get_assessment_report", assessmentRunArn=run, **ASKED)
    assert in_progress["Error"]["Code"] == "AssessmentRunInProgressException"
    assert in_progress["assessmentRunArns"] == [run]
    endpoint.built.reached(run, AssessmentRunState.ERROR)
    unsupported = refused(client, "get_assessment_report", assessmentRunArn=run, **ASKED)
    assert (unsupported["Error"]["Code"], unsupported["canRetry"]) == ("UnsupportedFeatureException", False)
