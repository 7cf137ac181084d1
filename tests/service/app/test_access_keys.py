"""Access keys: shown once, kept wrapped, gone when deleted; policies as IAM reads them."""

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.errors import StoreError
from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY, AccessKeyError, AccessKeys, allows
from openinspector.service.ports.access_key_store import AccessKey
from openinspector.service.ports.key_provider import KeyProviderError
from openinspector.service.stores.access_key_sql import SqlAccessKeyStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.system_clock import SystemClock


@pytest.fixture
def store(tmp_path: Path) -> SqlAccessKeyStore:
    engine = open_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    migrate(engine)
    return SqlAccessKeyStore(engine)


def keys_of(store: SqlAccessKeyStore, folder: Path) -> AccessKeys:
    return AccessKeys(store=store, provider=FileKeyProvider(folder / "keys.json"), clock=SystemClock())


@pytest.mark.parametrize(
    ("actions", "operation", "is_allowed"),
    [
        (FULL_ACCESS, "DeleteAssessmentRun", True),
        (READ_ONLY, "ListFindings", True),
        (READ_ONLY, "PreviewAgents", True),
        (READ_ONLY, "StartAssessmentRun", False),
        (READ_ONLY, "DeleteAssessmentRun", False),
        (("inspector:listfindings",), "ListFindings", True),
        (("inspector:List",), "ListFindings", False),
        (("ListFindings",), "ListFindings", False),
        (("inspector:[LM]istFindings",), "ListFindings", False),
        (("inspector:?istFindings",), "ListFindings", True),
        ((), "ListFindings", False),
    ],
)
def test_policies(actions: tuple[str, ...], operation: str, *, is_allowed: bool) -> None:
    assert allows(actions, operation) is is_allowed


def test_secret_survives_a_restart(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    made = keys_of(store, tmp_path).create("alice", READ_ONLY)
    again = keys_of(store, tmp_path)
    for _ in range(2):
        found = again.secret_of(made.id)
        assert found is not None
        assert (found[0], found[1].user, found[1].actions) == (made.secret, "alice", READ_ONLY)


def test_a_deleted_key_is_refused_at_once(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    keys = keys_of(store, tmp_path)
    made = keys.create("alice", FULL_ACCESS)
    assert keys.secret_of(made.id) is not None
    store.delete(made.id)
    assert keys.secret_of(made.id) is None


def test_a_secret_is_not_printed_and_not_stored_in_the_clear(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    made = keys_of(store, tmp_path).create("alice", FULL_ACCESS)
    assert made.secret not in repr(made)
    for path in tmp_path.iterdir():
        assert made.secret.encode() not in path.read_bytes()


def test_another_master_key_opens_no_secret(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    made = keys_of(store, tmp_path).create("alice", FULL_ACCESS)
    (tmp_path / "keys.json").unlink()
    with pytest.raises(KeyProviderError, match="master key"):
        keys_of(store, tmp_path).secret_of(made.id)


def test_unknown_key(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    assert keys_of(store, tmp_path).secret_of("AKIANOBODY") is None


def damaged(key: AccessKey, at: int) -> AccessKey:
    flipped = bytearray(key.wrapped_secret)
    flipped[at] ^= 1
    return replace(key, wrapped_secret=bytes(flipped))


def test_key_has_the_format_of_aws(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    keys = keys_of(store, tmp_path)
    made = [keys.create(user, READ_ONLY) for user in ("alice", "alice", "bob@example.com")]
    assert all(re.fullmatch(r"AKIA[A-Z2-7]{16}", key.id) for key in made)
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{40}", key.secret) for key in made)
    assert len({key.id for key in made} | {key.secret for key in made}) == 6


@pytest.mark.parametrize("user", ["", "a" * 65, "a b", "../x", "zoë", "a\n", "a:user/b"])
def test_rejects_user_names_invalid_in_iam(store: SqlAccessKeyStore, tmp_path: Path, user: str) -> None:
    with pytest.raises(AccessKeyError, match="no user can be named"):
        keys_of(store, tmp_path).create(user, FULL_ACCESS)
    assert not store.list_all()


@pytest.mark.parametrize("action", ["", "ListFindings", "ec2:DescribeInstances", "inspector:", "inspector:List[A]"])
def test_an_action_of_another_service(store: SqlAccessKeyStore, tmp_path: Path, action: str) -> None:
    with pytest.raises(AccessKeyError, match="is not an action of this API"):
        keys_of(store, tmp_path).create("alice", (*READ_ONLY, action))
    assert not store.list_all()


def test_replaced_secret_is_not_served_from_the_cache(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    keys = keys_of(store, tmp_path)
    alice, bob = keys.create("alice", FULL_ACCESS), keys.create("bob", FULL_ACCESS)
    assert keys.secret_of(alice.id) is not None
    assert keys.secret_of(bob.id) is not None
    stored, other = store.get(alice.id), store.get(bob.id)
    assert stored is not None
    assert other is not None
    store.delete(alice.id)
    store.add(replace(stored, wrapped_secret=other.wrapped_secret))
    # One key's secret does not open as another's.
    with pytest.raises(StoreError):
        keys.secret_of(alice.id)


def test_any_flipped_bit_of_a_stored_secret_is_detected(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    made = keys_of(store, tmp_path).create("alice", FULL_ACCESS)
    stored = store.get(made.id)
    assert stored is not None
    for at in range(len(stored.wrapped_secret)):
        store.delete(made.id)
        store.add(damaged(stored, at))
        with pytest.raises(StoreError):
            keys_of(store, tmp_path).secret_of(made.id)


@pytest.mark.parametrize("kept", [b"", b"\0", b"\xff\xff", b"\0\0", bytes(300)])
def test_rejects_damaged_stored_secrets(store: SqlAccessKeyStore, tmp_path: Path, kept: bytes) -> None:
    made = keys_of(store, tmp_path).create("alice", FULL_ACCESS)
    stored = store.get(made.id)
    assert stored is not None
    store.delete(made.id)
    store.add(replace(stored, wrapped_secret=kept))
    with pytest.raises(StoreError):
        keys_of(store, tmp_path).secret_of(made.id)


@given(action=st.text("Aab*?:", max_size=12), operation=st.text("ABab", max_size=12))
def test_wildcards_are_those_of_a_shell(action: str, operation: str) -> None:
    wanted = f"inspector:{operation}".lower()
    for pattern in (action, f"inspector:{action}"):
        assert allows((pattern,), operation) is fnmatchcase(wanted, pattern.lower())
