"""Sessions: one hour, one key, numbers upwards."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.agent import Agent, AgentId
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.app.sessions import BURST, SESSION_LIFETIME, Sessions

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def make_agent(number: int = 0, key: Ed25519PrivateKey | None = None) -> Agent:
    raw = (key or Ed25519PrivateKey.generate()).public_key().public_bytes_raw()
    return Agent(id=AgentId(f"host-{number:017x}"), public_key=raw, tags=(), enrolled_at=NOW)


def test_a_session_lives_an_hour_at_most() -> None:
    sessions = Sessions(secrets.token_bytes)
    opened = sessions.open(make_agent(), NOW)
    assert opened.expires_at == NOW + timedelta(hours=1)
    assert sessions.find(opened.id, opened.expires_at - timedelta(seconds=1)) is opened
    assert code(sessions, opened.id, opened.expires_at) is RefusalCode.UNKNOWN_SESSION


@pytest.mark.parametrize("session_id", ["", "x", "A" * 32])
def test_unknown_session_id_is_refused(session_id: str) -> None:
    assert code(Sessions(secrets.token_bytes), session_id, NOW) is RefusalCode.UNKNOWN_SESSION


def test_a_restart_forgets_every_session() -> None:
    opened = Sessions(secrets.token_bytes).open(make_agent(), NOW)
    assert code(Sessions(secrets.token_bytes), opened.id, NOW) is RefusalCode.UNKNOWN_SESSION


def test_a_session_is_bound_to_the_host_key() -> None:
    key = Ed25519PrivateKey.generate()
    opened = Sessions(secrets.token_bytes).open(make_agent(key=key), NOW)
    assert opened.verify(key.sign(b"text"), b"text")
    assert not opened.verify(key.sign(b"text"), b"other text")
    assert not opened.verify(Ed25519PrivateKey.generate().sign(b"text"), b"text")
    assert not opened.verify(b"", b"text")


@given(st.lists(st.integers(1, 50), max_size=30))
def test_counter_must_increase(counters: list[int]) -> None:
    opened = Sessions(secrets.token_bytes).open(make_agent(), NOW)
    highest = 0
    for counter in counters:
        if counter > highest:
            opened.check_counter(counter)
            opened.counter = highest = counter
        else:
            with pytest.raises(RefusedError, match="not above"):
                opened.check_counter(counter)


def test_an_agent_keeps_its_two_newest_sessions() -> None:
    sessions = Sessions(secrets.token_bytes)
    first, second, third = (sessions.open(make_agent(), NOW) for _ in range(3))
    assert code(sessions, first.id, NOW) is RefusalCode.UNKNOWN_SESSION
    assert sessions.find(second.id, NOW) is second
    assert sessions.find(third.id, NOW) is third
    assert len(sessions) == 2


def test_sessions_are_bounded_and_expired_ones_make_room() -> None:
    sessions = Sessions(secrets.token_bytes, limit=2)
    sessions.open(make_agent(1), NOW)
    sessions.open(make_agent(2), NOW)
    with pytest.raises(RefusedError) as refused:
        sessions.open(make_agent(3), NOW)
    assert (refused.value.code, refused.value.retry_after) == (RefusalCode.BUSY, 60)
    sessions.open(make_agent(3), NOW + SESSION_LIFETIME)
    assert sessions.agents() == (make_agent(3).id,)


def test_known_agents_renew_at_the_session_limit() -> None:
    sessions = Sessions(secrets.token_bytes, limit=2)
    sessions.open(make_agent(), NOW)
    sessions.open(make_agent(), NOW)
    third = sessions.open(make_agent(), NOW)
    assert sessions.find(third.id, NOW) is third
    assert len(sessions) == 2


def test_a_revoked_agent_has_no_session() -> None:
    sessions = Sessions(secrets.token_bytes)
    opened, other = sessions.open(make_agent(1), NOW), sessions.open(make_agent(2), NOW)
    sessions.drop_agent(opened.agent_id)
    sessions.drop_agent(opened.agent_id)
    assert code(sessions, opened.id, NOW) is RefusalCode.UNKNOWN_SESSION
    assert sessions.find(other.id, NOW) is other


def test_session_is_rate_limited() -> None:
    opened = Sessions(secrets.token_bytes).open(make_agent(), NOW)
    for _ in range(int(BURST)):
        opened.spend(NOW)
    with pytest.raises(RefusedError) as refused:
        opened.spend(NOW)
    assert (refused.value.code, refused.value.retry_after) == (RefusalCode.THROTTLED, 1)
    opened.spend(NOW + timedelta(seconds=1))


def test_neither_ids_nor_keys_are_printed() -> None:
    opened = Sessions(secrets.token_bytes).open(make_agent(), NOW)
    assert opened.id not in repr(opened)


def code(sessions: Sessions, session_id: str, now: datetime) -> RefusalCode:
    with pytest.raises(RefusedError) as refused:
        sessions.find(session_id, now)
    return refused.value.code
