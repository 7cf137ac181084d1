from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.app.temporary_credentials import (
    LONGEST,
    Credentials,
    ExpiredTokenError,
    TemporaryCredentials,
)
from openinspector.testing.conformance.access_key_store import access_key
from openinspector.testing.memory_access_key_store import MemoryAccessKeyStore

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY = access_key()
HOUR = timedelta(hours=1)


def opened(secret: bytes = bytes(32)) -> tuple[TemporaryCredentials, MemoryAccessKeyStore]:
    store, numbers = MemoryAccessKeyStore(), count(1)
    store.add(KEY)
    return TemporaryCredentials(store, secret, lambda size: next(numbers).to_bytes(size, "big")), store


@pytest.fixture
def made() -> Credentials:
    return opened()[0].make(KEY, HOUR, NOW)


def test_token_names_its_access_key(made: Credentials) -> None:
    assert (made.id[:4], len(made.id), len(made.secret), made.expires_at) == ("ASIA", 20, 40, NOW + HOUR)
    assert opened()[0].secret_of(made.id, made.token, NOW) == (made.secret, KEY)
    assert made.secret not in repr(made)
    assert made.token not in repr(made)


def test_credentials_expire(made: Credentials) -> None:
    with pytest.raises(ExpiredTokenError):
        opened()[0].secret_of(made.id, made.token, NOW + HOUR)


def test_duration_is_capped() -> None:
    assert opened()[0].make(KEY, timedelta(days=365), NOW).expires_at == NOW + LONGEST


def test_credentials_end_with_the_access_key(made: Credentials) -> None:
    credentials, store = opened()
    store.delete(KEY.id)
    assert credentials.secret_of(made.id, made.token, NOW) is None


def test_token_is_bound_to_key_id_and_installation(made: Credentials) -> None:
    credentials, _ = opened()
    other = credentials.make(KEY, HOUR, NOW + HOUR)
    assert credentials.secret_of("ASIAAAAAAAAAAAAAAAAA", made.token, NOW) is None
    assert credentials.secret_of(KEY.id, other.token, NOW) is None
    assert opened(bytes([1] * 32))[0].secret_of(made.id, made.token, NOW) is None


@given(st.text())
def test_invalid_tokens_are_refused(text: str) -> None:
    assert opened()[0].secret_of("ASIAAAAAAAAAAAAAAAAA", text, NOW) is None


@given(data=st.data())
def test_changed_token_is_refused(data: st.DataObject) -> None:
    credentials, _ = opened()
    made = credentials.make(KEY, HOUR, NOW)
    place = data.draw(st.integers(0, len(made.token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019+/").filter(lambda one: one != made.token[place]))
    changed = made.token[:place] + letter + made.token[place + 1 :]
    assert credentials.secret_of(made.id, changed, NOW) is None
