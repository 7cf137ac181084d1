"""Laws of the API's endpoint: whatever an allowed caller sends, the answer is one of the protocol, never a fault."""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from starlette.types import Message
from tests.service.api.signing import Signer, as_received, call_headers

from openinspector.service.api.dispatch import ApiEndpoint, operations
from openinspector.service.api.model import load_model
from openinspector.service.app.access_keys import FULL_ACCESS, NewAccessKey
from openinspector.service.settings import Settings
from openinspector.testing.installation import PACKAGES, BuiltInstallation, open_installation
from openinspector.testing.model_builders import exclusion, finding, resource_group, run, target, template

MODEL: Final = load_model()
OPERATIONS: Final = sorted(MODEL.operations)
ARNS: Final = (
    *(made(number).arn for made in (resource_group, target, template, run, finding, exclusion) for number in (1, 9)),
    PACKAGES[0].arn,
    "arn:aws:inspector",
)
WORDS: Final = st.sampled_from(["", "web", "w*", "[", "%", "\0", "é" * 140, "x" * 301]) | st.text(max_size=4)
ODD: Final[st.SearchStrategy[object]] = st.sampled_from(
    (None, True, -1, 0, 2**63, 1.5, 1e300, (), (None,), {}, {"key": {}})
)


def value_of(shape_name: str) -> st.SearchStrategy[Any]:
    """Values mostly of a shape: right often enough to come through to the use cases."""
    shape = MODEL.shapes[shape_name]
    if shape.type == "structure":
        members = {name: value_of(member) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required}
        return st.fixed_dictionaries(required, optional=members)
    if shape.type == "list":
        return st.lists(value_of(shape.member), min_size=int(shape.min or 0), max_size=3)
    if shape.type == "timestamp":
        return st.integers(0, 2**34) | st.floats(0, 2**38)
    if shape.type == "string":
        exact = st.sampled_from([*shape.enum, "NOPE"]) if shape.enum else WORDS
        return st.sampled_from(ARNS) if "Arn" in shape_name else exact
    return st.integers(1, 86_400)


def input_of(operation: str) -> st.SearchStrategy[tuple[str, Any]]:
    shape = MODEL.operations[operation].input
    whole = value_of(shape) if shape else st.just({})
    spoilt = st.tuples(whole, st.sampled_from(sorted(MODEL.shapes[shape].members) if shape else ["x"]), ODD).map(
        lambda parts: {**parts[0], parts[1]: parts[2]}
    )
    return st.tuples(st.just(operation), whole | whole | spoilt)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def built(folder: Path) -> BuiltInstallation:
    """One installation for all examples: what one leaves behind, the next one meets."""
    made = open_installation(folder)
    made.stores.assessments.add_resource_group(resource_group())
    made.stores.assessments.add_target(target())
    made.stores.assessments.add_template(template(rules_package_arns=(PACKAGES[0].arn,)))
    made.stores.assessments.add_run(run(), ())
    made.heartbeat(1)
    made.produced(*(finding(number) for number in range(1, 4)), exclusion(1))
    made.end_run(run().arn)
    return made


@pytest.fixture(scope="module")
def key(built: BuiltInstallation) -> NewAccessKey:
    return built.services.access_keys.create("fuzzer", FULL_ACCESS)


def answer(built: BuiltInstallation, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    """Hand one request to the endpoint as an ASGI server does; return status and decoded body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": as_received(headers),
    }
    asyncio.run(ApiEndpoint(built.services, operations())(scope, receive, send))
    assert b"x-amzn-requestid" in dict(sent[0]["headers"])
    return sent[0]["status"], json.loads(sent[1]["body"] or b"{}")


def check(status: int, content: dict[str, Any]) -> None:
    """Fail unless the answer is an output, or a refusal that the model or the protocol knows."""
    event(str(content.get("__type", status)))
    if status == 200:
        assert "__type" not in content
        return
    assert status == 400, content
    shape = MODEL.shapes.get(content["__type"])
    if shape is None:
        assert content["__type"] in ("SerializationException", "InvalidSignatureException", "UnknownOperationException")
    elif "errorCode" in shape.members:
        assert content["errorCode"] in MODEL.shapes[shape.members["errorCode"]].enum


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from(OPERATIONS).flatmap(input_of))
def test_any_request_is_answered_or_refused(built: BuiltInstallation, key: NewAccessKey, call: tuple[str, Any]) -> None:
    operation, arguments = call
    body = json.dumps(arguments).encode()
    signer = Signer(key_id=key.id, secret=key.secret)
    check(*answer(built, signer.headers(body, built.clock.now(), call_headers(operation)), body))


@settings(max_examples=100)
@given(st.sampled_from(OPERATIONS), st.binary(max_size=100))
def test_any_body_is_answered_or_refused(
    built: BuiltInstallation, key: NewAccessKey, operation: str, body: bytes
) -> None:
    signer = Signer(key_id=key.id, secret=key.secret)
    check(*answer(built, signer.headers(body, built.clock.now(), call_headers(operation)), body))


@settings(max_examples=100)
@given(st.data())
def test_altered_request_is_refused(built: BuiltInstallation, key: NewAccessKey, data: st.DataObject) -> None:
    body = b'{"maxResults": 5}'
    signer = Signer(key_id=key.id, secret=key.secret)
    headers = signer.headers(body, built.clock.now(), call_headers("ListFindings"))
    name = data.draw(st.sampled_from(["Host", "X-Amz-Date", "X-Amz-Target", "Authorization", "body"]))
    text = body.decode() if name == "body" else headers[name]
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != text[place]))
    changed = text[:place] + character + text[place + 1 :]
    if name == "body":
        status, content = answer(built, headers, changed.encode())
    else:
        status, content = answer(built, {**headers, name: changed}, body)
    assert status == 400
    assert content["__type"] in (
        "InvalidSignatureException",
        "IncompleteSignatureException",
        "UnrecognizedClientException",
    )


CONTENT_TYPES: Final = st.sampled_from(
    [
        "application/x-amz-json-1.1",
        "application/json",
        "text/xml",
        "multipart/form-data",
        "",
        "application/x-amz-json-1.1; charset=utf-7",
    ]
)
TARGETS: Final = st.sampled_from(
    ["InspectorService", "inspectorservice", "AmazonSSM", "OpenInspector", "", "InspectorService.InspectorService"]
)
FOREIGN: Final = (
    "arn:aws:inspector:eu-west-1:999999999999:target/0-00000001",
    "arn:aws:s3:::bucket",
    *ARNS[:6],
)
HOSTILE: Final = st.one_of(
    st.sampled_from(
        [
            b"[" * 200_000,
            b'{"a":' * 100_000,
            b'{"maxResults":' + b"9" * 5_000 + b"}",
            b'{"maxResults":NaN}',
            b'{"maxResults":-Infinity}',
            b'{"maxResults":1e400}',
            b'{"maxResults":5,"maxResults":6}',
            b'{"assessmentTargetName":"\\ud800"}',
            b'{"assessmentTargetName":"\xff\xfe"}',
            b'{"findingArns":["' + b"x" * 900_000 + b'"]}',
            b"\xef\xbb\xbf{}",
            "{}".encode("utf-16"),
            b" " * 1_000_000,
            b"null",
        ]
    ),
    st.lists(st.sampled_from(FOREIGN), min_size=1, max_size=12).map(
        lambda arns: json.dumps(
            dict.fromkeys(("findingArns", "assessmentRunArns", "assessmentTargetArns"), arns)
        ).encode()
    ),
    st.sampled_from(FOREIGN).map(
        lambda arn: json.dumps(dict.fromkeys(("assessmentRunArn", "assessmentTargetArn", "resourceArn"), arn)).encode()
    ),
)


def digest_of(folder: Path) -> str:
    """Return a digest of everything in the installation's database."""
    with closing(sqlite3.connect(Settings(data_dir=folder).database.removeprefix("sqlite:///"))) as connection:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    target=st.tuples(TARGETS | st.just("InspectorService"), st.sampled_from([*OPERATIONS, "Nothing", ""])).map(
        ".".join
    ),
    content_type=CONTENT_TYPES,
    body=HOSTILE,
)
def test_hostile_requests_are_refused_and_change_nothing(
    folder: Path, built: BuiltInstallation, key: NewAccessKey, target: str, content_type: str, body: bytes
) -> None:
    """Signed by someone who may do everything: only the request itself is in the way."""
    signer = Signer(key_id=key.id, secret=key.secret)
    before = digest_of(folder)
    headers = signer.headers(body, built.clock.now(), {"Content-Type": content_type, "X-Amz-Target": target})
    status, content = answer(built, headers, body)
    check(status, content)
    assert status == 200 or digest_of(folder) == before
