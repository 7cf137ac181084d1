"""Opening a session over HTTP."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.service.gateway.signing_client import Host, Prepared, problem
from tests.service.gateway_world import OTHER_AGENT

from openinspector.model.agent import AgentId
from openinspector.wire.message import Session, SessionRequest


def opening(host: Host, agent_id: AgentId | None = None, key: Ed25519PrivateKey | None = None) -> Prepared:
    asked = SessionRequest(nonce=host.nonce(), agent_id=agent_id or host.agent_id)
    return host.prepare("session", msgspec.json.encode(asked), in_session=False, key=key)


def test_an_agent_opens_a_session(stranger: Host) -> None:
    response = stranger.enrolled().send(opening(stranger))
    opened = msgspec.json.decode(response.content, type=Session)
    assert (opened.expires_at - stranger.world.clock.now()).total_seconds() == 3600
    assert opened.heartbeat_seconds == 60


def test_a_host_that_never_enrolled_is_refused(stranger: Host) -> None:
    assert problem(stranger.send(opening(stranger))) == (401, "unknown-agent")


def test_a_session_for_another_agent_is_refused(stranger: Host) -> None:
    Host(world=stranger.world, http=stranger.http, agent_id=OTHER_AGENT).enrolled()
    assert problem(stranger.enrolled().send(opening(stranger, OTHER_AGENT))) == (401, "bad-signature")


def test_another_key_is_refused(stranger: Host) -> None:
    forged = opening(stranger.enrolled(), key=Ed25519PrivateKey.generate())
    assert problem(stranger.send(forged)) == (401, "bad-signature")


def test_a_replayed_opening_is_refused(stranger: Host) -> None:
    sent = opening(stranger.enrolled())
    assert stranger.send(sent).status_code == 200
    assert problem(stranger.send(sent)) == (401, "bad-nonce")


def test_restart_invalidates_nonces(stranger: Host) -> None:
    sent = opening(stranger.enrolled())
    stranger.world.gateway.nonces._expiry.clear()
    assert problem(stranger.send(sent)) == (401, "bad-nonce")


def test_a_stale_clock_is_refused(stranger: Host) -> None:
    sent = opening(stranger.enrolled())
    stranger.world.clock.advance(301)
    assert problem(stranger.send(sent)) == (401, "stale-clock")


def test_malformed_agent_id_is_refused(stranger: Host) -> None:
    refused = stranger.send(opening(stranger, AgentId("../../etc")))
    assert problem(refused) == (422, "invalid-message")
