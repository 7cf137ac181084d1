"""Access keys: shown once, kept wrapped, gone when deleted; policies as IAM reads them."""

from pathlib import Path

import pytest

from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY, AccessKeys, allows
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
def test_what_a_policy_allows(actions: tuple[str, ...], operation: str, *, is_allowed: bool) -> None:
    assert allows(actions, operation) is is_allowed


def test_a_secret_is_found_again_also_after_a_restart(store: SqlAccessKeyStore, tmp_path: Path) -> None:
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


def test_an_unknown_key_is_none(store: SqlAccessKeyStore, tmp_path: Path) -> None:
    assert keys_of(store, tmp_path).secret_of("AKIANOBODY") is None
