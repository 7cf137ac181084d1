"""Every kind of data key is moved from a key file to transit; the real stores, on SQLite."""

import os
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from openinspector.model.arn import RunArn
from openinspector.service.app.key_moving import KeyMoving, Moved, MovingProgress
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.ports.telemetry_store import RunKey
from openinspector.service.ports.wrapped_key_store import KeptKey, KeyOwner
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.key_provider_file import MAGIC, FileKeyProvider
from openinspector.service.stores.key_provider_moved import MovedKeyProvider
from openinspector.service.stores.key_provider_vault import VaultKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.schema import ACCESS_KEY, REPORT, RUN_KEY, SHARED_SECRET, WEBHOOK
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.stores.wrapped_key_sql import SqlWrappedKeyStore
from openinspector.testing.model_builders import moment
from openinspector.testing.vault_transit import vault_transit

ACCOUNT = "123456789012"
RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-AAAAAAAA/template/0-BBBBBBBB/run/0-CCCCCCCC"
WEBHOOK_ARN = "arn:aws:inspector:us-east-1:123456789012:webhook/0-DDDDDDDD"
CONTEXTS = {
    RUN_KEY.c.wrapped: {"account": ACCOUNT, "run": RUN},
    REPORT.c.wrapped_key: {"account": ACCOUNT, "run": RUN, "report": "r-1"},
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    opened = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    migrate(opened)
    return opened


@pytest.fixture
def file(tmp_path: Path) -> FileKeyProvider:
    return FileKeyProvider(tmp_path / "keys.json")


def fill(engine: Engine, keys: KeyProvider) -> dict[object, bytes]:
    """Store one key of each kind; return the bare keys in the clear."""
    made = {column: keys.generate(context) for column, context in CONTEXTS.items()}

    def sealed(kind: str, owner: str) -> bytes:
        return SecretBox(kind, keys, os.urandom).seal(owner, f"secret of {owner}")

    rows = {
        RUN_KEY: {"run_arn": RUN, "wrapped": made[RUN_KEY.c.wrapped].wrapped, "created_at": moment(1)},
        REPORT: {
            "id": "r-1",
            "run_arn": RUN,
            "type": "FULL",
            "format": "HTML",
            "requested_at": moment(1),
            "status": "COMPLETED",
            "wrapped_key": made[REPORT.c.wrapped_key].wrapped,
        },
        ACCESS_KEY: {
            "id": "AKIA1",
            "user": "u",
            "wrapped_secret": sealed("access-key", "AKIA1"),
            "slot": 0,
            "actions": ("inspector:*",),
            "created_at": moment(1),
        },
        WEBHOOK: {
            "arn": WEBHOOK_ARN,
            "template_arn": "t",
            "url": "https://example.com",
            "events": (),
            "created_at": moment(1),
            "sealed_secret": sealed("webhook", WEBHOOK_ARN),
        },
        SHARED_SECRET: {"name": "pagination", "sealed": sealed("secret", "pagination"), "made_at": moment(1)},
    }
    with engine.begin() as connection:
        for table, row in rows.items():
            connection.execute(insert(table).values(row))
    return {column: key.plaintext for column, key in made.items()}


def assert_opens(engine: Engine, keys: KeyProvider, plain: dict[object, bytes]) -> None:
    with engine.connect() as connection:
        for column, context in CONTEXTS.items():
            assert keys.unwrap(connection.execute(select(column)).scalar_one(), context) == plain[column]
        for kind, owner, column in (
            ("access-key", "AKIA1", ACCESS_KEY.c.wrapped_secret),
            ("webhook", WEBHOOK_ARN, WEBHOOK.c.sealed_secret),
            ("secret", "pagination", SHARED_SECRET.c.sealed),
        ):
            kept = connection.execute(select(column)).scalar_one()
            assert SecretBox(kind, keys, os.urandom).open(owner, kept) == f"secret of {owner}"


def totals(steps: list[MovingProgress]) -> Counter[Moved]:
    """Return the sum of the last counts of every kind."""
    last = {step.owner: step.counts for step in steps}
    assert set(last) == set(KeyOwner)
    return sum(last.values(), Counter())


def test_every_kind_of_key_moves_and_the_old_master_key_is_not_needed(engine: Engine, file: FileKeyProvider) -> None:
    plain = fill(engine, file)
    with vault_transit() as server:
        vault = VaultKeyProvider("transit/openinspector", server.environment)
        moving = KeyMoving(SqlWrappedKeyStore(engine), MovedKeyProvider(vault, file, MAGIC), ACCOUNT)
        assert totals(list(moving.move(every=False))) == {Moved.REWRAPPED: 5}
        assert_opens(engine, vault, plain)
        with pytest.raises(KeyProviderError):
            assert_opens(engine, file, plain)
        assert totals(list(moving.move(every=False))) == {Moved.CURRENT: 5}
        assert totals(list(moving.move(every=True))) == {Moved.REWRAPPED: 5}
        assert_opens(engine, vault, plain)


def test_an_interrupted_move_goes_on(engine: Engine, file: FileKeyProvider) -> None:
    plain = fill(engine, file)
    file.rotate()
    moving = KeyMoving(SqlWrappedKeyStore(engine), file, ACCOUNT)
    next(moving.move(every=False))  # the first page, of runs
    assert totals(list(moving.move(every=False))) == {Moved.CURRENT: 1, Moved.REWRAPPED: 4}
    assert_opens(engine, file, plain)


def test_a_key_that_does_not_open_is_reported_and_the_others_move(
    engine: Engine, file: FileKeyProvider, tmp_path: Path
) -> None:
    fill(engine, file)
    foreign = FileKeyProvider(tmp_path / "foreign.json").generate({}).wrapped
    with engine.begin() as connection:
        connection.execute(update(RUN_KEY).values(wrapped=foreign))
    file.rotate()
    steps = list(KeyMoving(SqlWrappedKeyStore(engine), file, ACCOUNT).move(every=False))
    assert totals(steps) == {Moved.FAILED: 1, Moved.REWRAPPED: 4}
    assert RUN in next(step.failure for step in steps if step.failure)


def test_a_key_that_is_shredded_meanwhile_stays_shredded(engine: Engine, file: FileKeyProvider) -> None:
    telemetry, store, run = SqlTelemetryStore(engine), SqlWrappedKeyStore(engine), RunArn(RUN)
    telemetry.add_run_key(RunKey(run_arn=run, wrapped=file.generate({}).wrapped, created_at=moment(1)))
    (read,) = store.page(KeyOwner.RUN, "", 10)
    telemetry.delete_run_key(run, moment(2))
    assert not store.replace(read, b"again")
    assert telemetry.run_key(run) is None
    assert store.page(KeyOwner.RUN, "", 10) == []


def test_pages_follow_one_another(engine: Engine) -> None:
    store = SqlWrappedKeyStore(engine)
    with engine.begin() as connection:
        for name in "abc":
            row = {"name": name, "sealed": name.encode(), "made_at": moment(1)}
            connection.execute(insert(SHARED_SECRET).values(row))
    first = store.page(KeyOwner.SECRET, "", 2)
    assert [key.id for key in first] == ["a", "b"]
    assert store.page(KeyOwner.SECRET, "b", 2) == [KeptKey(owner=KeyOwner.SECRET, id="c", content=b"c")]
