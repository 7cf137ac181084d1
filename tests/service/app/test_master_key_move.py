"""Real stores and key files; the run, the report and the secrets are opened again by their own use cases."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from openinspector.service.app.access_keys import AccessKeys
from openinspector.service.app.master_key_move import FAILURES_IN_A_ROW, MasterKeyMove, MasterKeyMoveError, MovedKeys
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.app.shared_secrets import SharedSecrets
from openinspector.service.ports.telemetry_store import RunKey
from openinspector.service.ports.wrapped_key_store import StoredWrapping, WrappedKind
from openinspector.service.stores.access_key_sql import SqlAccessKeyStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore
from openinspector.service.stores.record_sql import WEBHOOKS, SqlListedRecordStore
from openinspector.service.stores.report_sql import SqlReportStore
from openinspector.service.stores.shared_secret_sql import SqlSharedSecretStore
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.stores.wrapped_key_sql import SqlWrappedKeyStore
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.report_store import report
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.record_builders import webhook

ACCOUNT = "123456789012"
RUN = builders.run(1).arn
CLOCK = FakeClock(builders.moment(1))


class Installation:
    """Everything that is wrapped, opened with the key file as it is now."""

    def __init__(self, folder: Path, database: Engine) -> None:
        self.keys = FileKeyProvider(folder / "keys.json")
        self.telemetry = SqlTelemetryStore(database)
        self.run_keys = RunKeys(self.keys, self.telemetry, CLOCK, ACCOUNT)
        self.reports = SqlReportStore(database)
        self.vault = ReportVault(ObstoreObjectStore.from_url(f"file://{folder}/objects"), self.keys, ACCOUNT)
        self.access_keys = AccessKeys(store=SqlAccessKeyStore(database), provider=self.keys, clock=CLOCK)
        self.webhooks = SqlListedRecordStore(database, WEBHOOKS)
        self.webhook_secrets = SecretBox(WrappedKind.WEBHOOK, self.keys, os.urandom)
        self.shared = SharedSecrets(SqlSharedSecretStore(database), self.keys, CLOCK, os.urandom)
        self.move = MasterKeyMove(store=SqlWrappedKeyStore(database), provider=self.keys, account=ACCOUNT)


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    migrate(engine)
    return engine


def ignore(_keys: int) -> None:
    pass


def test_everything_opens_without_the_old_master_key(tmp_path: Path, database: Engine) -> None:
    before = Installation(tmp_path, database)
    data_key = before.run_keys.make(RUN)
    before.reports.begin(report())
    before.reports.complete(report().id, builders.moment(2), before.vault.put(report(), b"the report"))
    access_key = before.access_keys.create("alice", ("inspector:*",))
    receiver = webhook()
    before.webhooks.add(replace(receiver, sealed_secret=before.webhook_secrets.seal(receiver.arn, "shared")))
    before.shared.get("pagination", lambda: b"of all nodes")

    new_master = before.keys.rotate()
    seen: list[int] = []
    assert before.move.count() == 5
    assert before.move.run(seen.append) == {kind: MovedKeys(moved=1) for kind in WrappedKind}
    assert sum(seen) == 5

    forget_other_masters(tmp_path / "keys.json", new_master)
    after = Installation(tmp_path, database)
    assert after.run_keys.get(RUN) == data_key
    done = after.reports.get(report().id)
    assert done is not None
    assert after.vault.open(done) == b"the report"
    opened = after.access_keys.secret_of(access_key.id)
    assert opened is not None
    assert opened[0] == access_key.secret
    held = after.webhooks.get(receiver.arn)
    assert held is not None
    assert after.webhook_secrets.open(receiver.arn, held.sealed_secret) == "shared"
    assert after.shared.get("pagination", lambda: b"another") == b"of all nodes"


def forget_other_masters(path: Path, current: str) -> None:
    held = json.loads(path.read_text())
    path.write_text(json.dumps({"current": current, "keys": {current: held["keys"][current]}}))


def test_a_repeated_move_writes_nothing(tmp_path: Path, database: Engine) -> None:
    own = Installation(tmp_path, database)
    own.run_keys.make(RUN)
    own.keys.rotate()
    own.move.run(ignore)
    moved = own.telemetry.run_key(RUN)
    assert own.move.run(ignore)[WrappedKind.RUN] == MovedKeys(current=1)
    assert own.telemetry.run_key(RUN) == moved


def test_a_damaged_key_is_reported_and_the_others_move(tmp_path: Path, database: Engine) -> None:
    own = Installation(tmp_path, database)
    for number in (1, 3):
        own.run_keys.make(builders.run(number).arn)
    damaged = builders.run(2).arn
    own.telemetry.add_run_key(RunKey(run_arn=damaged, wrapped=b"damaged", created_at=builders.moment(1)))
    own.keys.rotate()
    result = own.move.run(ignore)[WrappedKind.RUN]
    assert result.moved == 2
    assert result.failed.keys() == {damaged}
    assert "not a data key" in result.failed[damaged]


def test_a_key_that_is_deleted_meanwhile_stays_deleted(tmp_path: Path, database: Engine) -> None:
    own = Installation(tmp_path, database)
    own.run_keys.make(RUN)
    own.keys.rotate()
    listed = SqlWrappedKeyStore(database)

    class Slow(SqlWrappedKeyStore):
        """The run is deleted between reading its key and replacing it."""

        def after(self, kind: WrappedKind, id_: str, limit: int) -> Sequence[StoredWrapping]:
            page = listed.after(kind, id_, limit)
            own.telemetry.delete_run_key(RUN, builders.moment(5))
            return page

    move = replace(own.move, store=Slow(database))
    assert move.run(ignore)[WrappedKind.RUN] == MovedKeys(gone=1)
    assert own.telemetry.run_key(RUN) is None


def test_the_move_stops_if_the_key_provider_is_the_wrong_one(tmp_path: Path, database: Engine) -> None:
    own = Installation(tmp_path, database)
    for number in range(FAILURES_IN_A_ROW + 1):
        own.run_keys.make(builders.run(number + 1).arn)
    other = replace(own.move, provider=FileKeyProvider(tmp_path / "other.json"))
    with pytest.raises(MasterKeyMoveError, match="10 keys in a row") as stopped:
        other.run(ignore)
    assert "repeat the command" in stopped.value.advice
