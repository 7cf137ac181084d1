import json

from tests.cli.api_answers import CREATED, TEMPLATE, widest
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector

URL = "https://receiver.example/inspector"
WEBHOOK = {
    "arn": f"{TEMPLATE}/webhook/0-FFFFFFFF",
    "assessmentTemplateArn": TEMPLATE,
    "url": URL,
    "events": ["ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"],
    "createdAt": CREATED,
}


def test_a_webhook_is_created_and_its_secret_shown(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("CreateWebhook", {"webhook": WEBHOOK, "secret": "s3cret"})
    done = command("webhooks", "create", TEMPLATE, URL, "--event", "completed")
    assert done.status == 0, done.err
    assert done.out.splitlines() == [WEBHOOK["arn"], "Secret: s3cret"]
    assert "not shown again" in done.err
    assert inspector.inputs("CreateWebhook")[0]["events"] == ["ASSESSMENT_RUN_COMPLETED"]
    as_json = json.loads(command("webhooks", "create", TEMPLATE, URL, "--json").out)
    assert as_json["secret"] == "s3cret"
    assert as_json["webhook"]["url"] == URL


def test_a_table_of_webhooks(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListWebhooks", {"webhooks": [WEBHOOK]})
    done = command("webhooks", "list", "--template", TEMPLATE)
    assert widest(done.out) <= 80
    assert "completed, finding" in done.words
    assert json.loads(command("webhooks", "list", "--json").out)[0]["arn"] == WEBHOOK["arn"]
    inspector.prepare("ListWebhooks", {"webhooks": []})
    assert "webhooks create" in command("webhooks", "list").out


def test_a_webhook_is_deleted(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DeleteWebhook", {})
    assert command("webhooks", "delete", str(WEBHOOK["arn"])).status == 0
    assert inspector.inputs("DeleteWebhook") == [{"webhookArn": WEBHOOK["arn"]}]
