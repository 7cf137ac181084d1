from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from openinspector.model.finding import Severity
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import Cursor, PageRequest
from openinspector.service.stores.engine import open_engine, reading
from openinspector.service.stores.finding_sql import SqlFindingStore
from openinspector.service.stores.migrations import migrate
from openinspector.testing.model_builders import agent_id, finding, moment, run

RUN = run().arn
DEEP = Cursor(created_at=moment(1), arn=finding(1).arn)


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    migrate(engine)
    return engine


@pytest.mark.parametrize(
    "wanted",
    [
        FindingFilter(run_arns=(RUN,)),
        FindingFilter(run_arns=(RUN,), severities=(Severity.HIGH,)),
        FindingFilter(run_arns=(RUN,), agent_ids=(agent_id(),), rule_names=("CVE-2026-0001",)),
    ],
)
@pytest.mark.parametrize("after", [None, DEEP])
def test_a_page_is_read_in_order_from_one_index(sqlite: Engine, wanted: FindingFilter, after: Cursor | None) -> None:
    store = SqlFindingStore(sqlite)
    store.add_findings([finding(1), finding(2)])
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(sqlite, "before_cursor_execute", note)
    store.list_findings(wanted, PageRequest(limit=1, after=after))
    event.remove(sqlite, "before_cursor_execute", note)
    ((statement, parameters),) = [one for one in asked if "FROM finding" in one[0]]
    with reading(sqlite) as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan[0].startswith("SEARCH finding USING COVERING INDEX ix_finding_page (result_id=?")
    assert not any("TEMP B-TREE" in step for step in plan)
