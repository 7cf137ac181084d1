"""Enrolment over HTTP: one token, one use, one agent per key."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.service.gateway.signing_client import Host, Prepared, problem, token
from tests.service.gateway_world import World

from openinspector.wire.message import Enrolment


def agent_id(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=Enrolment).agent_id


def test_a_token_makes_a_host_an_agent(stranger: Host) -> None:
    minted = agent_id(stranger.send(stranger.enrolment(token(stranger.world))))
    assert re.fullmatch("host-[0-9a-f]{17}", minted)
    (agent,) = stranger.world.agents.list_agents()
    assert (agent.id, agent.public_key) == (minted, stranger.public_key)


def test_the_same_key_gets_the_same_id(stranger: Host) -> None:
    once = token(stranger.world)
    first = agent_id(stranger.send(stranger.enrolment(once)))
    assert agent_id(stranger.send(stranger.enrolment(once))) == first


def test_a_used_up_token_is_refused(stranger: Host) -> None:
    once = token(stranger.world)
    agent_id(stranger.send(stranger.enrolment(once)))
    other = Host(world=stranger.world, http=stranger.http)
    assert problem(other.send(other.enrolment(once))) == (403, "enrolment-refused")


def test_nonce_is_valid_once(stranger: Host) -> None:
    nonce, twice = stranger.nonce(), token(stranger.world, uses=2)
    agent_id(stranger.send(stranger.enrolment(twice, nonce)))
    other = Host(world=stranger.world, http=stranger.http)
    assert problem(other.send(other.enrolment(twice, nonce))) == (401, "bad-nonce")
    assert len(stranger.world.agents.list_agents()) == 1


def test_a_replayed_enrolment_is_refused(stranger: Host) -> None:
    sent = stranger.enrolment(token(stranger.world))
    agent_id(stranger.send(sent))
    assert problem(stranger.send(sent)) == (401, "bad-nonce")


def test_nonce_expires_after_two_minutes(stranger: Host) -> None:
    nonce = stranger.nonce()
    stranger.world.clock.advance(121)
    assert problem(stranger.send(stranger.enrolment(token(stranger.world), nonce))) == (401, "bad-nonce")


def test_the_key_enrolled_must_have_signed(stranger: Host) -> None:
    """Who saw a public key cannot enrol it."""
    honest = stranger.enrolment(token(stranger.world))
    forged = stranger.prepare("enrolment", honest.body, in_session=False, key=Ed25519PrivateKey.generate())
    assert problem(stranger.send(forged)) == (401, "bad-signature")
    assert stranger.world.agents.list_agents() == []


def test_key_substitution_is_refused(stranger: Host) -> None:
    """Signed by one key, its id in the header, another key in the body."""
    other = Host(world=stranger.world, http=stranger.http)
    theirs = other.enrolment(token(stranger.world))
    assert problem(stranger.send(stranger.prepare("enrolment", theirs.body, in_session=False))) == (
        401,
        "bad-signature",
    )


def test_an_altered_enrolment_is_refused(stranger: Host) -> None:
    sent = stranger.enrolment(token(stranger.world))
    altered = Prepared(path=sent.path, headers=sent.headers, body=sent.body.replace(b"web-1", b"db-01"))
    assert problem(stranger.send(altered)) == (401, "bad-signature")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b'{"nonce":"aaaaaaaaaaaaaaaa","method":"join_token"}',
        b"[" * 9000,
        b"\xff",
    ],
)
def test_rejects_invalid_enrolments(stranger: Host, body: bytes) -> None:
    refused = stranger.send(stranger.prepare("enrolment", body, in_session=False))
    assert problem(refused) == (422, "invalid-message")


def test_unknown_fields_are_refused(stranger: Host) -> None:
    honest = stranger.enrolment(token(stranger.world))
    more = honest.body[:-1] + b',"role":"administrator"}'
    refused = stranger.send(stranger.prepare("enrolment", more, in_session=False))
    assert problem(refused) == (422, "invalid-message")
    assert "role" in refused.text


def test_concurrent_enrolments_share_no_token_use(world: World, http: httpx.Client) -> None:
    once = token(world)
    hosts = [Host(world=world, http=http) for _ in range(6)]
    requests = [(host, host.enrolment(once)) for host in hosts]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda pair: pair[0].send(pair[1]).status_code, requests))
    assert sorted(statuses) == [200, 403, 403, 403, 403, 403]
    assert len(world.agents.list_agents()) == 1
