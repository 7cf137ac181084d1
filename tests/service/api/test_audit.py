"""The audit log: every call in the form of the vendor's trail, and nothing secret in it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.service.api.signing import Signer, call_headers
from tests.service.api.world import World, open_world

from openinspector.service.api.audit import ApiCall, Strangers, refused_input, render_event
from openinspector.service.api.errors import ApiError
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.access_key_store import access_key
from openinspector.testing.fake_clock import EPOCH
from openinspector.testing.memory_audit_log import MemoryAuditLog
from openinspector.testing.model_builders import REALM

KEYS_OF_THE_EXAMPLE = {
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
    "eventType",
    "apiVersion",
    "recipientAccountId",
}
"""F10.21."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path)


def events(world: World) -> list[dict[str, Any]]:
    audit = world.built.services.audit
    assert isinstance(audit, MemoryAuditLog)
    return [json.loads(line) for line in audit.lines()]


def test_change_is_logged_with_its_answer(world: World) -> None:
    answer = world.call("CreateAssessmentTarget", b'{"assessmentTargetName":"web"}')
    (event,) = events(world)
    assert event.keys() >= KEYS_OF_THE_EXAMPLE
    assert event["eventName"] == "CreateAssessmentTarget"
    assert event["requestParameters"] == {"assessmentTargetName": "web"}
    assert event["responseElements"] == answer.json()
    assert event["requestID"] == answer.headers["x-amzn-requestid"]
    assert event["userIdentity"] == {
        "type": "IAMUser",
        "principalId": world.signer.key_id,
        "arn": "arn:aws:iam::123456789012:user/root",
        "accountId": "123456789012",
        "accessKeyId": world.signer.key_id,
        "userName": "root",
    }
    assert event["eventTime"] == EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (event["eventSource"], event["apiVersion"]) == ("inspector.amazonaws.com", "v20160216")
    assert event["readOnly"] is False


def test_answers_of_read_calls_are_omitted(world: World) -> None:
    world.call("ListFindings", b'{"maxResults":5}')
    (event,) = events(world)
    assert (event["requestParameters"], event["responseElements"]) == ({"maxResults": 5}, None)
    assert event["readOnly"] is True


def test_refusals_are_logged_with_the_reason(world: World) -> None:
    world.call("CreateAssessmentTarget", b'{"assessmentTargetName":"web"}', world.reader)
    world.call("DeleteAssessmentTarget", b'{"assessmentTargetArn":"arn"}')
    world.call("Nonsense")
    denied, invalid, unknown = events(world)
    assert (denied["errorCode"], denied["userIdentity"]["userName"]) == ("AccessDeniedException", "reader")
    assert denied["requestParameters"] is None
    assert invalid["errorCode"] == "InvalidInputException"
    assert (unknown["errorCode"], unknown["eventName"]) == ("UnknownOperationException", "")
    assert all(event["responseElements"] is None for event in (denied, invalid, unknown))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"assessmentTargetName":""}', {"assessmentTargetName": ""}),
        (b'{"assessmentTargetName":["a",{"b":1}],"other":1}', {"assessmentTargetName": ["a", {"b": 1}]}),
        (b'{"assessmentTargetName":null}', {}),
        (b'{"resourceGroupArn":12345678901234567890123}', {"resourceGroupArn": 12345678901234567890123}),
        (b"{}", {}),
        (b"[]", None),
        (b"{", None),
    ],
)
def test_invalid_input_is_logged_as_far_as_modelled(world: World, body: bytes, kept: object) -> None:
    """The input of any caller (F10.20)."""
    assert world.call("CreateAssessmentTarget", body).status_code == 400
    (event,) = events(world)
    assert event["errorCode"] in ("InvalidInputException", "SerializationException")
    assert event["requestParameters"] == kept


@pytest.mark.parametrize("value", ["ä" * 500_000, ["x"] * 200_000, {"x" * 900_000: 1}], ids=["text", "list", "key"])
def test_invalid_input_takes_no_space(world: World, value: object) -> None:
    world.call("CreateAssessmentTarget", json.dumps({"assessmentTargetName": value}, ensure_ascii=False).encode())
    (event,) = events(world)
    assert 500 < len(event["requestParameters"]["assessmentTargetName"]) <= 1024


@given(st.integers(min_value=1, max_value=2000))
def test_deeply_nested_input_is_logged(depth: int) -> None:
    body = b'{"assessmentTargetName":' + b"[" * depth + b"]" * depth + b"}"
    call = ApiCall(request_id="id", at=EPOCH, source="192.0.2.1", user_agent="")
    call.arguments = refused_input("CreateAssessmentTarget", body)
    render_event(call, ApiError("InvalidInputException", "no"), REALM, "event")


def test_denied_batch_is_logged_as_denied(world: World) -> None:
    """Though its answer is none of the errors."""
    nobody = world.built.services.access_keys.create("nobody", ["inspector:ListFindings"])
    signer = Signer(key_id=nobody.id, secret=nobody.secret)
    assert world.call("DescribeFindings", b'{"findingArns":["arn"]}', signer).status_code == 200
    assert world.call("DescribeFindings", b'{"findingArns":[]}', signer).status_code == 400
    denied, invalid = events(world)
    assert denied["errorCode"] == "AccessDeniedException"
    assert "user/nobody is not authorized to perform: inspector:DescribeFindings" in denied["errorMessage"]
    assert (denied["requestParameters"], denied["responseElements"]) == ({"findingArns": ["arn"]}, None)
    assert invalid["errorCode"] == "InvalidInputException"
    counters = world.built.services.counters
    assert (
        counters.value(
            "openinspector_api_requests_total", operation="DescribeFindings", exception="AccessDeniedException"
        )
        == 1
    )


def test_unauthenticated_call_is_logged_with_its_claimed_key(world: World) -> None:
    world.call("ListFindings", signer=Signer(key_id=world.signer.key_id, secret="x" * 40))
    world.post(b"{}", call_headers("ListFindings"))
    forged, unsigned = events(world)
    assert forged["userIdentity"] == {"type": "Unknown", "accessKeyId": world.signer.key_id}
    assert unsigned["userIdentity"] == {"type": "Unknown", "accessKeyId": ""}


def test_temporary_credentials_have_a_session(world: World) -> None:
    stored = world.built.stores.access_keys.get(world.signer.key_id)
    assert stored is not None
    made = world.built.services.temporary_credentials.make(stored, timedelta(hours=1), EPOCH)
    world.call("ListFindings", signer=Signer(key_id=made.id, secret=made.secret, token=made.token))
    (event,) = events(world)
    assert event["userIdentity"]["accessKeyId"] == made.id
    assert event["userIdentity"]["principalId"] == world.signer.key_id
    assert "sessionContext" in event["userIdentity"]
    assert made.token not in json.dumps(event)


def test_no_line_holds_a_secret(world: World) -> None:
    for operation, body in (("ListFindings", b"{}"), ("CreateResourceGroup", b'{"resourceGroupTags":[{"key":"a"}]}')):
        world.call(operation, body)
    written = json.dumps(events(world))
    assert world.signer.secret not in written
    assert "Signature" not in written


HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def webhook_arguments(world: World, **changed: object) -> bytes:
    world.built.stores.assessments.add_target(builders.target())
    world.built.stores.assessments.add_template(builders.template())
    arguments = {
        "assessmentTemplateArn": builders.template().arn,
        "url": "https://chat.example:8443/hooks/T0KEN?key=T0KEN",
        "events": ["OTHER"],
    }
    return json.dumps({**arguments, **changed}).encode()


def test_a_webhooks_secret_is_hidden(world: World) -> None:
    """And so is its address, but for where it is."""
    with capture_logs() as logs:
        answer = world.call("CreateWebhook", webhook_arguments(world)).json()
    (event,) = events(world)
    shown = f"https://chat.example:8443/{HIDDEN}"
    assert event["requestParameters"] == {
        "assessmentTemplateArn": builders.template().arn,
        "url": shown,
        "events": ["OTHER"],
    }
    assert event["responseElements"] == {"webhook": {**answer["webhook"], "url": shown}, "secret": HIDDEN}
    for secret in (answer["secret"], "T0KEN"):
        assert secret not in json.dumps(event)
        assert secret not in repr(logs)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://chat.example/T0KEN", f"http://chat.example/{HIDDEN}"),
        ("https://T0KEN:T0KEN@chat.example", f"https://chat.example/{HIDDEN}"),
        ("https://chat.example:T0KEN/", HIDDEN),
        ("https://[T0KEN/", HIDDEN),
        ("T0KEN", HIDDEN),
        ("https://chat.example/T0KEN" * 1000, HIDDEN),
        (["https://chat.example/T0KEN"], HIDDEN),
        ({"T0KEN": "https://chat.example/T0KEN"}, HIDDEN),
        (7, HIDDEN),
    ],
)
def test_refused_webhook_address_is_hidden(world: World, url: object, shown: str) -> None:
    """Whatever is wrong with it: a typing error does not make it known."""
    with capture_logs() as logs:
        assert world.call("CreateWebhook", webhook_arguments(world, url=url)).status_code == 400
    (event,) = events(world)
    assert event["requestParameters"]["url"] == shown
    assert "T0KEN" not in json.dumps(event)
    assert "T0KEN" not in repr(logs)


def test_strangers_cannot_fill_the_disk(world: World) -> None:
    for _ in range(700):
        world.post(b"{}", call_headers("ListFindings"))
    assert len(events(world)) == 600
    assert (
        world.built.services.counters.value("openinspector_gateway_alarms_total", kind="audit-strangers-skipped") == 100
    )
    world.call("ListFindings")
    assert len(events(world)) == 601


def test_the_bound_is_for_a_minute() -> None:
    strangers = Strangers(a_minute=2)
    assert [strangers.admit(EPOCH) for _ in range(3)] == [True, True, False]
    assert strangers.admit(EPOCH + timedelta(minutes=1))


@given(source=st.text(), agent=st.text(), operation=st.text(), message=st.text())
def test_each_entry_is_one_line(source: str, agent: str, operation: str, message: str) -> None:
    call = ApiCall(
        request_id="1", at=EPOCH, source=source, user_agent=agent, operation=operation, key=access_key(), arguments={}
    )
    for answer in (b"{}", ApiError("InternalException", message)):
        assert b"\n" not in render_event(call, answer, REALM, "2")
