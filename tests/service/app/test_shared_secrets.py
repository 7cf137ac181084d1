import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from openinspector.service.app.shared_secrets import SharedSecrets, WrongMasterKeyError
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.shared_secret_sql import SqlSharedSecretStore
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.model_builders import moment


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    migrate(engine)
    return engine


def node(database: Engine, keys: Path) -> SharedSecrets:
    return SharedSecrets(SqlSharedSecretStore(database), FileKeyProvider(keys), FakeClock(moment(1)), os.urandom)


def test_nodes_share_the_secret_that_the_first_one_made(database: Engine, tmp_path: Path) -> None:
    first, second = node(database, tmp_path / "keys.json"), node(database, tmp_path / "keys.json")
    assert first.get("pagination", lambda: b"\x00\xffone") == b"\x00\xffone"
    assert second.get("pagination", lambda: b"two") == b"\x00\xffone"
    assert second.get("report-links", lambda: b"three") == b"three"


def test_the_database_does_not_show_a_secret(database: Engine, tmp_path: Path) -> None:
    node(database, tmp_path / "keys.json").get("pagination", lambda: b"a secret to find")
    database.dispose()
    create_engine(f"sqlite:///{tmp_path / 'own.db'}").dispose()
    assert b"a secret to find" not in b"".join(path.read_bytes() for path in tmp_path.glob("own.db*"))


def test_a_node_with_another_master_key_is_refused(database: Engine, tmp_path: Path) -> None:
    node(database, tmp_path / "keys.json").check()
    node(database, tmp_path / "keys.json").check()
    with pytest.raises(WrongMasterKeyError, match="not the one of the installation") as refused:
        node(database, tmp_path / "other.json").check()
    assert "OPENINSPECTOR_KEY_URL" in refused.value.advice
