from typing import Final

from sqlalchemy import Engine, func, select, text

from openinspector.model.finding import Attribute
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import PageRequest
from openinspector.service.stores.engine import reading
from openinspector.service.stores.finding_schema import FINDING, FINDING_BITS, FINDING_BLOCK
from openinspector.service.stores.findings.bits import BLOCK
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.testing.conformance.finding_store import replaced_by
from openinspector.testing.model_builders import finding, moment, run

RUN: Final = run(1).arn


def sizes(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return list(connection.scalars(select(FINDING_BLOCK.c.size).order_by(FINDING_BLOCK.c.id)))


def test_many_findings_make_full_blocks(engine: Engine) -> None:
    SqlFindingStore(engine).add_findings([finding(number) for number in range(BLOCK + 1)])
    assert sizes(engine) == [BLOCK, 1]


def test_findings_added_one_by_one_make_few_blocks(engine: Engine) -> None:
    store = SqlFindingStore(engine)
    findings = [finding(number, created_at=moment(number % 7)) for number in range(100)]
    for one in findings:
        store.add_findings([one])
    with reading(engine) as connection:
        positions = set(connection.scalars(select(FINDING.c.position)))
    assert sum(sizes(engine)) == len(positions) == len(findings)
    assert len(sizes(engine)) < len(findings).bit_length() + 1
    listed = store.list_findings(FindingFilter(), PageRequest(limit=1000)).rows
    assert list(listed) == [one.arn for one in sorted(findings, key=lambda one: (one.created_at, one.arn))]


def test_a_deleted_run_leaves_nothing_behind(engine: Engine) -> None:
    store = SqlFindingStore(engine)
    store.add_findings([finding(1), finding(2)])
    store.change_user_attributes(finding(1).arn, replaced_by(Attribute(key="team")), moment(9))
    store.delete_run(RUN)
    with reading(engine) as connection:
        for table in (FINDING, FINDING_BLOCK, FINDING_BITS):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_removed_user_attributes_leave_no_bits(engine: Engine) -> None:
    store = SqlFindingStore(engine)
    store.add_findings([finding(1)])
    with reading(engine) as connection:
        before = connection.execute(text("SELECT * FROM finding_bits ORDER BY kind, value")).all()
    for attributes in ((Attribute(key="team"), Attribute(key="team")), ()):
        store.change_user_attributes(finding(1).arn, replaced_by(*attributes), moment(9))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT * FROM finding_bits ORDER BY kind, value")).all() == before
