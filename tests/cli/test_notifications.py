import json

import pytest
from tests.cli.api_answers import CREATED, TEMPLATE, widest
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import InspectorError, SimulatedInspector

TOPIC = "arn:aws:sns:us-east-1:123456789012:security"
ROW = {
    "resourceArn": TEMPLATE,
    "topicArn": TOPIC,
    "eventSubscriptions": [
        {"event": event, "subscribedAt": CREATED} for event in ("ASSESSMENT_RUN_STATE_CHANGED", "FINDING_REPORTED")
    ],
}


@pytest.fixture
def prepared(inspector: SimulatedInspector) -> SimulatedInspector:
    inspector.prepare("ListEventSubscriptions", {"subscriptions": [ROW]})
    for operation in ("SubscribeToEvent", "UnsubscribeFromEvent"):
        inspector.prepare(operation, {})
    return inspector


def events_of(inspector: SimulatedInspector, operation: str) -> list[str]:
    return [str(given["event"]) for given in inspector.inputs(operation)]


def test_a_table_of_subscriptions(command: Command, prepared: SimulatedInspector) -> None:
    done = command("notifications", "list", "--template", TEMPLATE)
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "state-changed" in done.out
    assert prepared.inputs("ListEventSubscriptions")[0]["resourceArn"] == TEMPLATE
    assert json.loads(command("notifications", "list", "--json").out)[0]["topicArn"] == TOPIC


def test_empty_list_explains_subscribing(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListEventSubscriptions", {"subscriptions": []})
    assert "notifications subscribe" in command("notifications", "list").out


def test_topic_is_subscribed_to_default_or_named_events(command: Command, prepared: SimulatedInspector) -> None:
    assert command("notifications", "subscribe", TEMPLATE, TOPIC).status == 0
    usual = ["ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"]
    assert events_of(prepared, "SubscribeToEvent") == usual
    command("notifications", "subscribe", TEMPLATE, TOPIC, "--event", "state-changed", "--event", "state-changed")
    assert events_of(prepared, "SubscribeToEvent") == [*usual, "ASSESSMENT_RUN_STATE_CHANGED"]
    assert command("notifications", "subscribe", TEMPLATE, TOPIC, "--event", "finished").status == 2


def test_topic_is_unsubscribed_from_all_or_named_events(command: Command, prepared: SimulatedInspector) -> None:
    assert command("notifications", "unsubscribe", TEMPLATE, TOPIC, "--event", "finding").status == 0
    assert events_of(prepared, "UnsubscribeFromEvent") == ["FINDING_REPORTED"]
    command("notifications", "unsubscribe", TEMPLATE, TOPIC)
    assert events_of(prepared, "UnsubscribeFromEvent")[1:] == ["ASSESSMENT_RUN_STATE_CHANGED", "FINDING_REPORTED"]
    nobody = command("notifications", "unsubscribe", TEMPLATE, f"{TOPIC}-2")
    assert nobody.status == 2
    assert "does not notify" in nobody.err


def test_a_refusal_is_reported(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("SubscribeToEvent", InspectorError("NoSuchEntityException", "the topic does not exist"))
    done = command("notifications", "subscribe", TEMPLATE, TOPIC)
    assert done.status == 1
    assert "the topic does not exist" in done.err
