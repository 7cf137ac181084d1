import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders

URL = "https://receiver.example/inspector"


@pytest.fixture
def template(call: Caller) -> str:
    return call.template(call.target())


def test_a_webhook_is_created_listed_and_deleted(call: Caller, template: str) -> None:
    events = ["FINDING_REPORTED", "ASSESSMENT_RUN_COMPLETED"]
    made = call("CreateWebhook", assessmentTemplateArn=template, url=URL, events=events)
    webhook = made["webhook"]
    assert webhook == {
        "arn": webhook["arn"],
        "assessmentTemplateArn": template,
        "url": URL,
        "events": events,
        "createdAt": call.built.clock.now().timestamp(),
    }
    assert webhook["arn"].startswith(f"{template}/webhook/0-")
    assert made["secret"]
    assert call("ListWebhooks") == call("ListWebhooks", assessmentTemplateArn=template) == {"webhooks": [webhook]}
    assert call("DeleteWebhook", webhookArn=webhook["arn"]) == {}
    assert call("ListWebhooks") == {"webhooks": []}


def test_webhooks_are_paged(call: Caller, template: str) -> None:
    for _ in range(12):
        call("CreateWebhook", assessmentTemplateArn=template, url=URL, events=["OTHER"])
    assert [len(page) for page in call.pages("ListWebhooks", "webhooks")] == [10, 2]


def test_rejects_invalid_requests(call: Caller, template: str) -> None:
    unknown = builders.template(9).arn
    good = {"assessmentTemplateArn": template, "url": URL, "events": ["OTHER"]}
    for wrong, refusal in (
        ({"url": "http://receiver.example/"}, ("InvalidInputException", "INVALID_ATTRIBUTE")),
        ({"events": []}, ("InvalidInputException", "INVALID_ATTRIBUTE")),
        ({"events": ["FINDING"]}, ("InvalidInputException", "INVALID_EVENT")),
        ({"assessmentTemplateArn": "arn"}, ("InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_ARN")),
        ({"assessmentTemplateArn": unknown}, ("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")),
    ):
        assert call.refusal("CreateWebhook", **{**good, **wrong}) == refusal
    assert call.refusal("ListWebhooks", assessmentTemplateArn=unknown)[0] == "NoSuchEntityException"
    assert call.refusal("DeleteWebhook", webhookArn="arn") == ("InvalidInputException", "INVALID_RESOURCE_ARN")
    gone = f"{template}/webhook/0-00000000"
    assert call.refusal("DeleteWebhook", webhookArn=gone)[0] == "ResourceNotFoundException"
