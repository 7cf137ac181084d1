"""Requests that the gateway refuses before it reads the message: one test per attack."""

from collections.abc import Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from tests.service.gateway.signing_client import OCTETS, Host, Prepared, problem
from tests.service.gateway_world import OTHER_AGENT, World, envelope

from openinspector.service.app.sessions import BURST
from openinspector.service.gateway.request import Caller
from openinspector.wire.signature import content_digest, parse_headers

UNAUTHORISED = 401


def test_valid_request_is_accepted(host: Host) -> None:
    assert host.send(host.beat()).status_code == 200


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda sent: sent.but(signature=None), (401, "unsigned")),
        (lambda sent: sent.but(signature_input=None), (401, "unsigned")),
        (lambda sent: sent.but(signature=None, signature_input=None), (401, "unsigned")),
        (lambda sent: sent.but(signature="sig1=:AAAA:"), (400, "malformed-request")),
        (lambda sent: sent.but(signature="sig1=:" + "A" * 86 + "==:"), (401, "bad-signature")),
        (lambda sent: sent.but(signature_input="sig1=();created=1"), (400, "malformed-request")),
        (lambda sent: sent.but(signature_input="x" * 100_000), (400, "malformed-request")),
        (lambda sent: sent.but(content_digest=None), (400, "malformed-request")),
        (lambda sent: sent.but(content_digest=content_digest(b"other")), (401, "bad-signature")),
        (lambda sent: sent.but(openinspector_session="A" * 32), (401, "unknown-session")),
        (lambda sent: sent.but(openinspector_session=None), (400, "malformed-request")),
        (lambda sent: sent.but(openinspector_counter="9"), (401, "bad-signature")),
        (lambda sent: sent.but(openinspector_counter="0"), (400, "malformed-request")),
        (lambda sent: sent.but(openinspector_counter="-1"), (400, "malformed-request")),
        (lambda sent: sent.but(content_type=None), (415, "unsupported-media")),
        (lambda sent: sent.but(content_type="text/html"), (415, "unsupported-media")),
        (lambda sent: sent.but(content_encoding="gzip"), (415, "unsupported-media")),
    ],
)
def test_spoiled_headers_are_refused(
    host: Host, spoil: Callable[[Prepared], Prepared], refusal: tuple[int, str]
) -> None:
    assert problem(host.send(spoil(host.beat()))) == refusal
    assert host.world.gateway.heartbeats.pending() == 0


@pytest.mark.parametrize(
    ("headers", "bytes_held"),
    [
        ([(b"content-length", b"7")], 7),
        ([], 1000),
        ([(b"transfer-encoding", b"chunked")], 1000),
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"1")], 1000),
        ([(b"content-length", b"0" * 5000 + b"5")], 0),
    ],
    ids=repr,
)
def test_body_without_a_length_reserves_the_maximum(
    host: Host, headers: list[tuple[bytes, bytes]], bytes_held: int
) -> None:
    sent = host.beat()
    claim = parse_headers("POST", sent.path, sent.headers)
    request = Request({"type": "http", "headers": headers})
    assert Caller(agent_id=host.agent_id, instance="", claim=claim, request=request, limit=1000).announced == bytes_held


def test_an_altered_body_is_refused(host: Host) -> None:
    sent = host.beat()
    altered = Prepared(path=sent.path, headers=sent.headers, body=sent.body.replace(b"web-1", b"web-2"))
    assert problem(host.send(altered)) == (UNAUTHORISED, "bad-signature")


def test_a_body_for_another_path_is_refused(host: Host) -> None:
    sent = host.beat()
    moved = Prepared(path="/agent/v1/manifest", headers=sent.headers, body=sent.body)
    assert problem(host.send(moved)) == (UNAUTHORISED, "bad-signature")


@pytest.mark.parametrize("path", ["/agent/v1/%68eartbeat", "/agent/v1/heartbeat?x=1"])
def test_path_must_match_the_signature_exactly(host: Host, path: str) -> None:
    sent = host.beat()
    assert problem(host.send(Prepared(path=path, headers=sent.headers, body=sent.body)))[0] == 400


def test_another_key_is_refused(host: Host) -> None:
    assert problem(host.send(host.beat(key=Ed25519PrivateKey.generate()))) == (UNAUTHORISED, "bad-signature")


def test_session_of_another_agent_is_refused(host: Host, http: httpx.Client) -> None:
    other = Host(world=host.world, http=http, agent_id=OTHER_AGENT).enrolled().opened()
    other.session = host.session
    assert problem(other.send(other.beat(counter=100))) == (UNAUTHORISED, "bad-signature")


def test_a_replayed_request_is_refused(host: Host) -> None:
    sent = host.beat()
    assert host.send(sent).status_code == 200
    assert problem(host.send(sent)) == (UNAUTHORISED, "replayed")


def test_counter_must_increase(host: Host) -> None:
    assert host.send(host.beat(counter=5)).status_code == 200
    assert problem(host.send(host.beat(counter=5))) == (UNAUTHORISED, "replayed")
    assert problem(host.send(host.beat(counter=4))) == (UNAUTHORISED, "replayed")
    assert host.send(host.beat(counter=600)).status_code == 200


def test_forged_requests_do_not_advance_the_counter(host: Host) -> None:
    forged = host.beat(counter=10**9, key=Ed25519PrivateKey.generate())
    assert problem(host.send(forged)) == (UNAUTHORISED, "bad-signature")
    assert host.send(host.beat(counter=1)).status_code == 200


@pytest.mark.parametrize("age", [301, -301, 10**8])
def test_a_stale_clock_is_refused(host: Host, age: int) -> None:
    assert problem(host.send(host.beat(age=age))) == (UNAUTHORISED, "stale-clock")


@pytest.mark.parametrize("age", [300, -300])
def test_a_clock_within_the_window_passes(host: Host, age: int) -> None:
    assert host.send(host.beat(age=age)).status_code == 200


def test_a_session_ends_after_an_hour(host: Host) -> None:
    host.world.clock.advance(3600)
    assert problem(host.send(host.beat())) == (UNAUTHORISED, "unknown-session")
    assert host.opened().send(host.beat()).status_code == 200


def test_requests_are_rate_limited(host: Host) -> None:
    refused = [host.send(host.beat()) for _ in range(int(BURST) + 1)][-1]
    assert problem(refused) == (429, "throttled")
    assert refused.headers["retry-after"] == "1"
    host.world.clock.advance(1)
    assert host.send(host.beat()).status_code == 200


@pytest.mark.parametrize(
    ("name", "limit", "media_type"),
    [
        ("heartbeat", 64 * 1024, "application/json"),
        ("manifest", 4 * 1024, "application/json"),
        ("telemetry", 4 * 1024 * 1024, OCTETS),
    ],
)
def test_an_oversize_body_is_refused(host: Host, name: str, limit: int, media_type: str) -> None:
    for _ in range(2):
        refused = host.send(host.prepare(name, b" " * (limit + 1), media_type=media_type))
        assert problem(refused) == (413, "body-too-large")
    assert problem(host.send(host.prepare(name, b" " * limit, media_type=media_type)))[0] == 422


def test_an_oversize_body_of_unannounced_length_is_cut_off(host: Host) -> None:
    sent = host.prepare("heartbeat", b" " * 100_000)
    read: list[int] = []

    def pieces() -> object:
        for number in range(100):
            read.append(number)
            yield b" " * 1000

    response = host.http.post(sent.path, headers=sent.headers, content=pieces())  # type: ignore[arg-type]
    assert problem(response) == (413, "body-too-large")


def test_duplicate_header_is_refused(host: Host) -> None:
    sent = host.beat()
    response = host.http.post(
        sent.path, headers=[*sent.headers.items(), ("openinspector-counter", "7")], content=sent.body
    )
    assert problem(response) == (400, "malformed-request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(http: httpx.Client, method: str) -> None:
    response = http.request(method, "/agent/v1/heartbeat")
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/agent/", "/agent/v1", "/agent/v2/heartbeat", "/agent/v1/heartbeat/x"])
def test_other_paths_are_refused(http: httpx.Client, path: str) -> None:
    assert problem(http.post(path)) == (404, "not-found")


def test_refusals_are_counted_by_code(host: Host) -> None:
    host.send(host.beat().but(signature=None))
    host.send(host.beat().but(signature=None))
    host.send(host.beat())
    count = host.world.counters.value
    assert count("openinspector_gateway_refusals_total", endpoint="heartbeat", code="unsigned") == 2
    assert count("openinspector_gateway_replies_total", endpoint="heartbeat") == 1


def test_internal_error_is_a_problem_without_a_traceback(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(host.world.gateway.heartbeats), "receive", defect)
    response = host.send(host.beat())
    assert problem(response) == (500, "internal")
    assert "secret" not in response.text


@given(body=st.binary(max_size=300), name=st.sampled_from(["heartbeat", "manifest", "telemetry"]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_invalid_request_gets_a_problem(host: Host, body: bytes, name: str) -> None:
    host.world.clock.advance(1)
    media_type = OCTETS if name == "telemetry" else "application/json"
    status, code = problem(host.send(host.prepare(name, body, media_type=media_type)))
    assert (status, code) == (422, "invalid-message")


def test_envelopes_are_not_taken_as_json(host: Host, world: World) -> None:
    assert problem(host.send(host.prepare("telemetry", envelope()))) == (415, "unsupported-media")
    assert world.files() == []


def test_a_node_that_does_not_hear_of_changes_refuses_agents(host: Host) -> None:
    host.world.is_stale = True
    assert problem(host.send(host.beat())) == (503, "busy")
    host.world.is_stale = False
    assert host.send(host.beat()).status_code == 200
