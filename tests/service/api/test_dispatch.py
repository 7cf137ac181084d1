"""One signed POST: every outcome is an answer of the protocol, and nothing makes it fail."""

import json
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs
from tests.service.api.signing import Signer, call_headers
from tests.service.api.world import World, open_world

from openinspector.model.errors import ModelError, StoreError
from openinspector.service.api.calls import MAX_BODY
from openinspector.service.api.dispatch import ApiEndpoint, operations
from openinspector.service.api.model import api_model, load_model
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.access_keys import FULL_ACCESS
from openinspector.testing.fake_clock import EPOCH
from openinspector.testing.model_builders import target

DECLARED: Final = frozenset(name for name, shape in load_model().shapes.items() if shape.exception)
OF_THE_PROTOCOL: Final = frozenset(
    {
        "AccessDeniedException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "RequestEntityTooLargeException",
        "SerializationException",
        "UnknownOperationException",
        "UnrecognizedClientException",
    }
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return open_world(tmp_path_factory.mktemp("installation"))


def exception_of(response: Response) -> str:
    """The exception an answer is; every answer is checked on the way."""
    assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert UUID(response.headers["x-amzn-requestid"]).version == 4
    if response.status_code == 200:
        return ""
    body: dict[str, Any] = response.json()
    assert 0 < len(body["message"]) <= 1000
    shape = load_model().shapes.get(body["__type"])
    if shape is not None:
        assert set(shape.required) <= body.keys()
    return str(body["__type"])


def nothing(_services: ApiServices, _arguments: Json) -> Json:
    return {}


def test_a_signed_call_is_answered(world: World) -> None:
    response = world.call("ListFindings", b'{"maxResults":5}')
    assert exception_of(response) == ""
    assert response.json() == {"findingArns": []}


def test_the_first_body_of_a_call_without_input_may_be_empty(world: World) -> None:
    assert exception_of(world.call("ListRulesPackages", b"")) == ""


def test_arguments_arrive_as_the_model_has_them(world: World) -> None:
    seen: list[Json] = []

    def list_findings(_services: ApiServices, arguments: Json) -> Json:
        seen.append(arguments)
        return {"findingArns": ["arn"], "nextToken": None}

    answer = world.with_operation("ListFindings", list_findings).call("ListFindings", b'{"maxResults":5,"more":1}')
    assert seen == [{"maxResults": 5}]
    assert answer.json() == {"findingArns": ["arn"]}


def test_an_operation_without_output_answers_nothing(world: World) -> None:
    stop = world.with_operation("StopAssessmentRun", nothing)
    arn = msgspec.json.encode({"assessmentRunArn": "arn:aws:inspector:us-east-1:123456789012:x"})
    response = stop.call("StopAssessmentRun", arn)
    assert (exception_of(response), response.content) == ("", b"")


def test_every_request_has_a_unique_id(world: World) -> None:
    ids = {world.call("ListRulesPackages").headers["x-amzn-RequestId"] for _ in range(3)}
    assert len(ids) == 3


def test_every_operation_of_the_model_has_a_function() -> None:
    assert operations().keys() == api_model().operations.keys()
    assert operations()["ListFindings"].__module__ == "openinspector.service.api.operations.findings"


@pytest.mark.parametrize(
    "target",
    ["", "InspectorService", "InspectorService.", "InspectorService.Nothing", "Other.ListFindings", "Inspectör" * 50],
)
def test_an_unknown_operation(world: World, target: str) -> None:
    response = world.send(b"{}", {"X-Amz-Target": target})
    assert (response.status_code, exception_of(response)) == (400, "UnknownOperationException")


def test_operations_are_hidden_before_authentication(world: World) -> None:
    stranger = Signer(key_id="AKIAAAAAAAAAAAAAAAAA")
    for operation in ("ListFindings", "Nothing"):
        response = world.call(operation, signer=stranger)
        assert (response.status_code, exception_of(response)) == (400, "UnrecognizedClientException")
        assert exception_of(world.post(b"{}", call_headers(operation))) == ("MissingAuthenticationTokenException")
        wrong = Signer(key_id=world.signer.key_id, secret="wrong")
        assert exception_of(world.call(operation, signer=wrong)) == "InvalidSignatureException"


@pytest.mark.parametrize("key_id", ["", "akia", "AKIA'; DROP TABLE", "A" * 200, "AKIA\xe9"])
def test_invalid_key_id(world: World, key_id: str) -> None:
    response = world.call("ListFindings", signer=Signer(key_id=key_id))
    assert exception_of(response) in {"UnrecognizedClientException", "IncompleteSignatureException"}


def test_a_deleted_key_is_refused_from_then_on(world: World) -> None:
    made = world.built.services.access_keys.create("leaver", FULL_ACCESS)
    leaver = Signer(key_id=made.id, secret=made.secret)
    assert exception_of(world.call("ListFindings", signer=leaver)) == ""
    world.built.stores.access_keys.delete(made.id)
    assert exception_of(world.call("ListFindings", signer=leaver)) == "UnrecognizedClientException"


def test_a_user_without_the_action_is_denied(world: World) -> None:
    assert exception_of(world.call("ListFindings", signer=world.reader)) == ""
    # Before the input is looked at.
    response = world.call("CreateAssessmentTarget", b"[", signer=world.reader)
    assert response.status_code == 400
    assert response.json() == {
        "__type": "AccessDeniedException",
        "message": "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: "
        "inspector:CreateAssessmentTarget",
        "errorCode": "ACCESS_DENIED_TO_ASSESSMENT_TARGET",
        "canRetry": False,
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post(world: World, method: str) -> None:
    response = world.request(method, "/")
    assert (response.status_code, exception_of(response)) == (405, "UnknownOperationException")


def test_a_query_is_refused(world: World) -> None:
    signed = world.signer.headers(b"{}", EPOCH, call_headers("ListFindings"))
    assert exception_of(world.post(b"{}", signed, "/?a=1")) == "InvalidSignatureException"


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    body = b'{"x":"' + b"a" * MAX_BODY + b'"}'
    response = world.call("ListFindings", body)
    assert (response.status_code, exception_of(response)) == (413, "RequestEntityTooLargeException")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    signed = world.signer.headers(body, EPOCH, call_headers("ListFindings"))
    response = world.post(chunks(), signed)
    assert (response.status_code, exception_of(response)) == (413, "RequestEntityTooLargeException")


def test_the_largest_body_is_read(world: World) -> None:
    body = b'{"x":"' + b"a" * (MAX_BODY - 8) + b'"}'
    assert len(body) == MAX_BODY
    assert exception_of(world.call("ListFindings", body)) == ""


@pytest.mark.parametrize("error", [ZeroDivisionError("/etc/secret"), ModelError("/etc/secret")])
def test_an_internal_error_is_logged_with_its_trace_and_answered_without(world: World, error: Exception) -> None:
    def list_findings(_services: ApiServices, _arguments: Json) -> Json:
        raise error

    with capture_logs() as logs:
        response = world.with_operation("ListFindings", list_findings).call("ListFindings")
    assert (response.status_code, exception_of(response)) == (500, "InternalException")
    assert response.json()["canRetry"] is True
    assert "secret" not in response.text
    failed = next(line for line in logs if line["event"] == "api request failed")
    assert failed["exc_info"] is error
    assert failed["request_id"] == response.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("operation", "status", "exception"),
    [
        ("DescribeCrossAccountAccessRole", 500, "InternalException"),
        ("CreateResourceGroup", 503, "ServiceTemporarilyUnavailableException"),
    ],
)
def test_a_store_that_fails_may_be_tried_again(world: World, operation: str, status: int, exception: str) -> None:
    def function(_services: ApiServices, _arguments: Json) -> Json:
        raise StoreError("disk full: /var/lib/secret")

    with capture_logs() as logs:
        body = b'{"resourceGroupTags":[{"key":"a"}]}'
        response = world.with_operation(operation, function).call(operation, body)
    assert (response.status_code, exception_of(response)) == (status, exception)
    assert response.json()["canRetry"] is True
    assert "secret" not in response.text
    assert [line["event"] for line in logs] == ["api store failed", "api answered"]


def test_a_call_that_waits_for_the_cloud_delays_no_other(world: World) -> None:
    answered = threading.Event()

    def wait(_services: ApiServices, _arguments: Json) -> Json:
        assert answered.wait(30)
        return {"agentPreviews": []}

    def findings(_services: ApiServices, _arguments: Json) -> Json:
        return {"findingArns": []}

    endpoint = ApiEndpoint(world.built.services, {"PreviewAgents": wait, "ListFindings": findings})
    world = replace(world, application=Starlette(routes=[Route("/", endpoint)]))
    with ThreadPoolExecutor(1) as elsewhere:
        waiting = elsewhere.submit(
            world.call, "PreviewAgents", json.dumps({"previewAgentsArn": target(1).arn}).encode()
        )
        assert world.call("ListFindings").status_code == 200
        assert not waiting.done()
        answered.set()
        assert waiting.result().status_code == 200


def test_calls_are_logged_with_the_caller(world: World) -> None:
    with capture_logs() as logs:
        response = world.call("CreateAssessmentTarget", signer=world.reader)
    assert logs == [
        {
            "event": "api answered",
            "log_level": "info",
            "request_id": response.headers["x-amzn-requestid"],
            "operation": "CreateAssessmentTarget",
            "user": "reader",
            "key": world.reader.key_id,
            "status": 400,
            "failure": "AccessDeniedException",
        }
    ]


@given(body=st.binary(max_size=300), target=st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"])))
def test_any_body_and_target_have_an_answer(world: World, body: bytes, target: str) -> None:
    response = world.send(body, {"X-Amz-Target": target})
    assert response.status_code == 400
    assert exception_of(response) in OF_THE_PROTOCOL


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from([10**400, -1, 2**63])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["arn:aws:inspector:us-east-1:123456789012:target/0-00000000", "\0", "High", "EN_US"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation and arguments of its names, of the model's types or of any."""
    operation = draw(st.sampled_from(sorted(load_model().operations)))
    return operation, draw(_structures(load_model().operations[operation].input))


@st.composite
def _structures(draw: st.DrawFn, shape: str | None) -> dict[str, Any]:
    found = load_model().shapes[shape] if shape is not None else None
    if found is None:
        return {}
    return {
        name: draw(st.one_of(_values(member), JSON))
        for name, member in found.members.items()
        if name in found.required or draw(st.booleans())
    }


def _values(name: str) -> st.SearchStrategy[Any]:
    shape = load_model().shapes[name]
    low, high = int(shape.min or 0), int(shape.max or 100)
    match shape.type:
        case "structure":
            return _structures(name)
        case "list":
            return st.lists(_values(shape.member), min_size=min(low, 3), max_size=3)
        case "string" if shape.enum:
            return st.sampled_from(shape.enum)
        case "string":
            return st.text(min_size=low, max_size=min(high, 300))
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.floats(0, 2e9)
        case _:
            return st.integers(low, high)


@given(call=calls())
def test_any_arguments_have_an_answer_the_operation_declares(world: World, call: tuple[str, dict[str, Any]]) -> None:
    operation, arguments = call
    response = world.call(operation, json.dumps(arguments).encode())
    exception = exception_of(response)
    assert response.status_code in {200, 400}, response.text
    assert not exception or exception in {*DECLARED, "SerializationException"}


def _least(shape: str | None) -> dict[str, Any]:
    """The least arguments that are allowed."""
    if shape is None:
        return {}
    members = load_model().shapes[shape].members
    return {name: _example(members[name]) for name in load_model().shapes[shape].required}


def _example(name: str) -> Any:
    shape = load_model().shapes[name]
    match shape.type:
        case "structure":
            return _least(name)
        case "list":
            return [_example(shape.member)] * int(shape.min or 0)
        case "string":
            if shape.pattern:
                return "01234567-89ab-4def-8123-456789abcdef"
            return shape.enum[0] if shape.enum else "a" * int(shape.min or 1)
        case "boolean":
            return False
        case _:
            return int(shape.min or 0)
