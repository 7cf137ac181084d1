from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from openinspector.engine.finding_text import finding_text
from openinspector.model.arn import finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.errors import StoreError
from openinspector.model.finding import Attribute, Severity
from openinspector.model.notification import Progress
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import PageRequest
from openinspector.service.stores.columns import to_json
from openinspector.service.stores.engine import open_engine, writing
from openinspector.service.stores.findings.bits import BLOCK
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.findings.texts import digest
from openinspector.service.stores.migrations import _config, migrate
from openinspector.service.stores.schema import METADATA
from openinspector.testing.model_builders import finding, moment, run


def test_the_migrations_lead_to_the_metadata(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_alembic_agrees_to_the_last_column_and_index(engine: Engine, fresh: Engine) -> None:
    METADATA.create_all(fresh)
    assert _shape(engine) == _shape(fresh)


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = _shape(engine)
    migrate(engine)
    assert _shape(engine) == before


def test_a_database_of_a_newer_version_is_refused(fresh: Engine) -> None:
    migrate(fresh)
    with writing(fresh) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="cannot be migrated") as refusal:
        migrate(fresh)
    assert "newer" in refusal.value.advice


def test_the_progress_of_older_notifications_is_read(fresh: Engine) -> None:
    with writing(fresh) as connection:
        command.upgrade(_config(connection), "0011")
        columns = {each["name"]: each for each in inspect(connection).get_columns("notification")}
        values = {name: 0 for name, each in columns.items() if not each["nullable"]}
        stored = {**values, "progress": '{"told":7,"created_at":"2026-01-01T00:00:00Z","arn":"a"}'}
        names = ", ".join(stored)
        connection.execute(
            text(f"INSERT INTO notification ({names}) VALUES (:{', :'.join(stored)})"),
            stored,
        )
    migrate(fresh)
    with fresh.connect() as connection:
        stored_progress = connection.execute(text("SELECT progress FROM notification")).scalar_one()
    assert msgspec.json.decode(stored_progress, type=Progress).reported == 7


def test_findings_of_an_older_database_are_found_by_every_filter(fresh: Engine) -> None:
    """Two runs of the shape before blocks, the larger one of more findings than a block has."""
    with writing(fresh) as connection:
        command.upgrade(_config(connection), "0003")
        for number in (1, 2):
            _insert_old(connection, number, BLOCK + 2 if number == 1 else 1)
    migrate(fresh)
    store, page = SqlFindingStore(fresh), PageRequest(limit=2 * BLOCK)
    everything = store.list_findings(FindingFilter(), page).rows
    assert list(everything[:2]) == [finding_arn(run(1).arn, "0-00000000"), finding_arn(run(2).arn, "0-00000000")]
    assert len(everything) == BLOCK + 3
    last = finding_arn(run(1).arn, f"0-{BLOCK + 1:08d}")
    of_one = FindingFilter(run_arns=(run(1).arn,), rule_names=("rule",), attributes=(Attribute(key="a"),))
    assert len(store.list_findings(of_one, page).rows) == BLOCK + 2
    high = FindingFilter(severities=(Severity.HIGH,), agent_ids=("agent",), user_attributes=(Attribute(key="u"),))
    assert list(store.list_findings(high, page).rows) == [last]
    found = store.findings_by_arn([last])[last]
    assert finding_text(found).title == "Instance agent has title"
    assert finding_text(found).evidence == "it is [/etc/x]\n  because\n    of this\n  and that"
    assert finding_text(found).attributes == (Attribute(key="INSTANCE_ID", value="agent"), Attribute(key="a"))
    assert found.attributes == (Attribute(key="INSTANCE_ID", value="agent"),)
    store.add_findings([finding(2 * BLOCK, created_at=moment(10**6))])
    assert len(store.list_findings(FindingFilter(), page).rows) == BLOCK + 4
    store.delete_run(run(1).arn)
    assert len(store.list_findings(FindingFilter(), page).rows) == 1


def _insert_old(connection: Connection, number: int, findings: int) -> None:
    """Insert a run's findings as version 0003 kept them: the last one High and with a user attribute."""
    bodies = [
        to_json("package"),
        to_json("rule"),
        to_json("agent"),
        to_json(AssetAttributes(agent_id="agent")),
        to_json("Instance @ has title").replace("@", "\x01"),
        to_json("it is [/etc/x]\n  because\n    of this\n  and that"),
        to_json(Attribute(key="INSTANCE_ID", value="agent")),
        to_json(Attribute(key="a")),
        to_json(Attribute(key="u")),
    ]
    start = 100 * number
    connection.execute(text("INSERT INTO result VALUES (:n, :arn, 0, 0)"), {"n": number, "arn": run(number).arn})
    texts = [{"id": start + i, "n": number, "d": digest(body), "b": body} for i, body in enumerate(bodies)]
    connection.execute(text("INSERT INTO text VALUES (:id, :n, :d, :b)"), texts)
    places = {name: start + i for i, name in enumerate(("package", "rule", "agent", "asset", "title", "evidence"))}
    severities = tuple(Severity)
    rows = [
        {"n": number, "id": f"0-{i:08d}", "at": i, "a": f" {start + 6} {start + 7} ", **places}
        | {"severity": severities.index(Severity.HIGH if high else Severity.LOW), "u": f" {start + 8} " if high else ""}
        for i in range(findings)
        for high in [number == 1 and i == findings - 1]
    ]
    statement = """INSERT INTO finding VALUES (:n, :id, :at, :at, :severity, :a, :u,
        :package, :rule, :agent, NULL, :asset, :title, :title, :title, :evidence)"""
    connection.execute(text(statement), rows)


@pytest.fixture
def fresh(engine: Engine, tmp_path: Path) -> Engine:
    """A second, empty database of the same kind as `engine`."""
    if engine.dialect.name == "sqlite":
        return open_engine(f"sqlite:///{tmp_path}/fresh.db")
    with create_engine(engine.url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS fresh WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE fresh"))
    return open_engine(engine.url.set(database="fresh").render_as_string(hide_password=False))


def _shape(engine: Engine) -> Mapping[str, object]:
    with engine.connect() as connection:
        found = inspect(connection)
        return {
            table: (
                [(c["name"], repr(c["type"]), c["nullable"]) for c in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_unique_constraints(table), key=repr),
                sorted(found.get_indexes(table), key=repr),
                found.get_foreign_keys(table),
            )
            for table in METADATA.tables
        }
