"""Nonces are used once, tokens as often as they say, and a key is one agent."""

import hashlib
import re
import secrets
import threading
from datetime import UTC, datetime, timedelta

import pytest

from openinspector.model.agent import Agent, AgentId, HostDescription
from openinspector.model.asset import Tag
from openinspector.service.app.attestation import Attesting
from openinspector.service.app.enrolment import Admission, Grant, Nonces, create_token, enrol, new_agent_id
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.attestors.join_token import ATTESTOR
from openinspector.testing.memory_agent_store import MemoryAgentStore
from openinspector.testing.memory_identity_store import MemoryIdentityStore
from openinspector.wire.message import EnrolmentRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRANT = Grant(tags=(Tag(key="env", value="test"),), uses=1, expires_at=NOW + timedelta(hours=1))


def make_id() -> AgentId:
    return new_agent_id(secrets.token_bytes)


def admission(store: MemoryAgentStore) -> Admission:
    attesting = Attesting(attestors={"join_token": ATTESTOR})
    return Admission(agents=store, identities=MemoryIdentityStore(store), attesting=attesting, new_id=make_id)


def request(token: str, key: bytes = bytes(32), method: str = "join_token") -> EnrolmentRequest:
    return EnrolmentRequest(
        nonce="n" * 43, method=method, evidence={"token": token}, public_key=key, host=HostDescription(hostname="web-1")
    )


def test_a_token_does_not_begin_with_a_dash() -> None:
    """A command line would take it for an option."""
    drawn = iter([b"\xf8" + bytes(31), b"\xfb" + bytes(31), bytes(32)])
    assert create_token(MemoryAgentStore(), GRANT, NOW, lambda _size: next(drawn)) == "A" * 43


def test_a_nonce_is_used_once() -> None:
    nonces = Nonces(secrets.token_bytes)
    challenge = nonces.issue(NOW)
    assert challenge.expires_at == NOW + timedelta(minutes=2)
    assert len(challenge.nonce) == 43
    nonces.use(challenge.nonce, NOW)
    assert code(lambda: nonces.use(challenge.nonce, NOW)) is RefusalCode.BAD_NONCE


@pytest.mark.parametrize("nonce", ["", "x", "n" * 43])
def test_unknown_nonce_is_refused(nonce: str) -> None:
    assert code(lambda: Nonces(secrets.token_bytes).use(nonce, NOW)) is RefusalCode.BAD_NONCE


def test_a_nonce_expires() -> None:
    nonces = Nonces(secrets.token_bytes)
    challenge = nonces.issue(NOW)
    assert code(lambda: nonces.use(challenge.nonce, challenge.expires_at)) is RefusalCode.BAD_NONCE


def test_nonces_are_bounded_and_the_oldest_evicted() -> None:
    nonces = Nonces(secrets.token_bytes, limit=3)
    issued = [nonces.issue(NOW).nonce for _ in range(5)]
    assert len(nonces) == 3
    for old in issued[:2]:
        assert code(lambda nonce=old: nonces.use(nonce, NOW)) is RefusalCode.BAD_NONCE
    for young in issued[2:]:
        nonces.use(young, NOW)


def test_expired_nonces_are_forgotten() -> None:
    nonces = Nonces(secrets.token_bytes)
    for _ in range(10):
        nonces.issue(NOW)
    nonces.issue(NOW + timedelta(minutes=3))
    assert len(nonces) == 1


def test_only_the_digest_of_a_token_is_stored() -> None:
    store = MemoryAgentStore()
    token = create_token(store, GRANT, NOW, secrets.token_bytes)
    (stored,) = store.list_tokens()
    assert stored.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in repr(stored)
    assert len(token) == 43  # 256 bits in base64


def test_a_token_makes_a_host_an_agent_with_its_tags() -> None:
    store = MemoryAgentStore()
    agent = enrol(admission(store), request(create_token(store, GRANT, NOW, secrets.token_bytes)), NOW)
    assert re.fullmatch("host-[0-9a-f]{17}", agent.id)
    assert agent.tags == GRANT.tags
    assert store.list_agents() == [agent]
    assert agent.host.hostname == "web-1"


def test_token_is_valid_for_its_number_of_uses() -> None:
    store = MemoryAgentStore()
    grant = Grant(tags=(), uses=2, expires_at=GRANT.expires_at)
    token = create_token(store, grant, NOW, secrets.token_bytes)
    enrol(admission(store), request(token, b"a" * 32), NOW)
    enrol(admission(store), request(token, b"b" * 32), NOW)
    assert code(lambda: enrol(admission(store), request(token, b"c" * 32), NOW)) is RefusalCode.ENROLMENT_REFUSED


def test_same_key_is_the_same_agent_and_uses_no_token() -> None:
    store = MemoryAgentStore()
    token = create_token(store, GRANT, NOW, secrets.token_bytes)
    first = enrol(admission(store), request(token), NOW)
    assert enrol(admission(store), request(token), NOW).id == first.id
    assert len(store.list_agents()) == 1


def test_an_expired_token_is_refused() -> None:
    store = MemoryAgentStore()
    token = create_token(store, GRANT, NOW, secrets.token_bytes)
    assert code(lambda: enrol(admission(store), request(token), GRANT.expires_at)) is RefusalCode.ENROLMENT_REFUSED


@pytest.mark.parametrize(
    "wrong",
    [
        request("t" * 43),
        request("", method="join_token"),
        EnrolmentRequest(
            nonce="n" * 16, method="join_token", evidence={}, public_key=bytes(32), host=HostDescription()
        ),
        EnrolmentRequest(
            nonce="n" * 16,
            method="join_token",
            evidence={"token": "t", "instance_id": "i-1"},
            public_key=bytes(32),
            host=HostDescription(),
        ),
    ],
)
def test_other_evidence_is_refused(wrong: EnrolmentRequest) -> None:
    assert code(lambda: enrol(admission(MemoryAgentStore()), wrong, NOW)) is RefusalCode.ENROLMENT_REFUSED


def test_disabled_method_is_refused() -> None:
    """The agent may then try another."""
    other = request("t" * 43, method="instance_identity")
    assert code(lambda: enrol(admission(MemoryAgentStore()), other, NOW)) is RefusalCode.METHOD_OFF


def test_single_use_token_is_thread_safe() -> None:
    """The race that SPIRE 1.14.6 lost: one use, many takers at once, one agent."""
    store = MemoryAgentStore()
    token = create_token(store, GRANT, NOW, secrets.token_bytes)
    gate = threading.Barrier(8)
    outcomes: list[Agent | RefusalCode] = []

    def take(number: int) -> None:
        gate.wait()
        try:
            outcomes.append(enrol(admission(store), request(token, bytes([number]) * 32), NOW))
        except RefusedError as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Agent) for outcome in outcomes) == 1
    assert outcomes.count(RefusalCode.ENROLMENT_REFUSED) == 7
    assert len(store.list_agents()) == 1


def code(action: object) -> RefusalCode:
    assert callable(action)
    with pytest.raises(RefusedError) as refused:
        action()
    return refused.value.code
