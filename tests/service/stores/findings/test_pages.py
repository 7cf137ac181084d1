from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from openinspector.model.asset import AssetAttributes
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.service.ports.assessment_store import TimeRange
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import PageRequest
from openinspector.service.stores.engine import reading
from openinspector.service.stores.findings.bits import BLOCK
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.testing.conformance.finding_store import replaced_by
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.testing.memory_finding_store import MemoryFindingStore
from openinspector.testing.model_builders import agent_id, finding, moment, rules_package_arn, run

RUNS: Final = tuple(run(number).arn for number in (1, 2))
WORDS: Final = ("a", "b", "c")
"""Agents, rules and groups have the same names: what a text stands for must not be confused."""
PAIRS: Final = tuple(Attribute(key=word) for word in WORDS)


def made(number: int, choice: tuple[int, int, int, int, int]) -> Finding:
    parent, agent, rule, second, severity = choice
    return finding(
        number,
        RUNS[parent],
        asset=AssetAttributes(agent_id=WORDS[agent], auto_scaling_group=(*WORDS, None)[rule]),
        rule_id=WORDS[rule % 3],
        rules_package_arn=rules_package_arn(1 + agent % 2),
        severity=tuple(Severity)[severity],
        attributes=(PAIRS[agent], PAIRS[rule % 3], PAIRS[agent]),
        user_attributes=PAIRS[:agent],
        created_at=moment(second),
    )


FINDINGS: Final = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 3), st.integers(0, 4), st.integers(0, 4)),
    min_size=1,
    max_size=30,
).map(lambda choices: [made(number, choice) for number, choice in enumerate(choices)])
SOME: Final = st.lists(st.sampled_from([*WORDS, "none"]), max_size=2).map(tuple)
SECONDS: Final = st.none() | st.integers(0, 4).map(moment)
FILTERS: Final = st.builds(
    FindingFilter,
    run_arns=st.lists(st.sampled_from(RUNS), max_size=1).map(tuple),
    agent_ids=SOME,
    auto_scaling_groups=SOME,
    rule_names=SOME,
    severities=st.lists(st.sampled_from(tuple(Severity)), max_size=3).map(tuple),
    rules_package_arns=st.lists(st.integers(1, 3).map(rules_package_arn), max_size=2).map(tuple),
    attributes=st.lists(st.sampled_from(PAIRS), max_size=2).map(tuple),
    user_attributes=st.lists(st.sampled_from(PAIRS), max_size=2).map(tuple),
    created=st.builds(TimeRange, begin=SECONDS, end=SECONDS),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), findings=FINDINGS, limit=st.integers(1, 4))
def test_pages_are_those_of_a_plain_list_while_it_changes(
    engine: Engine, data: st.DataObject, findings: list[Finding], limit: int
) -> None:
    """Held against the store in memory: any filter, any batches, rows added, changed and deleted between pages."""
    store, plain = SqlFindingStore(engine), MemoryFindingStore(MemoryAssessmentStore())
    for parent in RUNS:
        store.delete_run(parent)
    later = data.draw(st.integers(0, len(findings)))
    size = data.draw(st.integers(1, 7))
    early = findings[later:]
    for start in range(0, len(early), size):
        for one in (store, plain):
            one.add_findings(early[start : start + size])
    wanted = data.draw(FILTERS)
    changes = iter(findings[:later])
    page = PageRequest(limit=limit)
    seen = 0
    while True:
        found = store.list_findings(wanted, page)
        assert found == plain.list_findings(wanted, page)
        seen += 1
        if found.next is None:
            break
        page = replace(page, after=found.next)
        deleted = data.draw(st.sampled_from((None, None, None, *RUNS)))
        changed = data.draw(st.sampled_from(findings))
        added = [one for one in (next(changes, None),) if one is not None]
        for both in (store, plain):
            both.add_findings(added)
            both.change_user_attributes(changed.arn, replaced_by(*PAIRS[seen % 3 :]), moment(9))
            if deleted is not None:
                both.delete_run(deleted)


def statements_of(engine: Engine, wanted: FindingFilter, page: PageRequest) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    SqlFindingStore(engine).list_findings(wanted, page)
    event.remove(engine, "before_cursor_execute", note)
    return [one for one in asked if one[0].startswith("SELECT")]


@pytest.mark.parametrize(
    "wanted",
    [
        FindingFilter(),
        FindingFilter(of_ended_runs=True),
        FindingFilter(run_arns=(RUNS[0],), severities=(Severity.MEDIUM,)),
        FindingFilter(agent_ids=(agent_id(),), rule_names=("CVE-2026-0001", "CVE-2026-0002")),
        FindingFilter(attributes=(Attribute(key="CVE", value="CVE-2026-0002"),)),
        FindingFilter(created=TimeRange(begin=moment(2), end=moment(2))),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_page_reads_a_whole_table(engine: Engine, wanted: FindingFilter) -> None:
    """PostgreSQL reads small tables whole, whatever indexes there are."""
    SqlFindingStore(engine).add_findings([finding(1), finding(2), finding(1, RUNS[1])])
    first = SqlFindingStore(engine).list_findings(FindingFilter(), PageRequest(limit=1))
    for page in (PageRequest(limit=1), PageRequest(limit=1, after=first.next)):
        for statement, parameters in statements_of(engine, wanted, page):
            with reading(engine) as connection:
                plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            # The list of blocks alone is walked, by its index: it has one row for thousands of findings.
            scans = [step for step in plan if step.startswith("SCAN") and "finding_block" not in step]
            assert scans == [], (statement, plan)


def test_a_rare_severity_behind_many_findings_is_found_in_few_reads(engine: Engine) -> None:
    """As many as for one that is everywhere, and the findings before it are not among what is read."""
    store = SqlFindingStore(engine)
    many = [finding(number, severity=Severity.MEDIUM, created_at=moment(number)) for number in range(BLOCK + 3)]
    last = finding(BLOCK + 9, severity=Severity.HIGH, created_at=moment(BLOCK + 9))
    store.add_findings([*many, last])
    page = PageRequest(limit=10)
    rare, common = (FindingFilter(severities=(one,)) for one in (Severity.HIGH, Severity.MEDIUM))
    assert store.list_findings(rare, page).rows == [last.arn]
    assert list(store.list_findings(common, page).rows) == [one.arn for one in many[:10]]
    assert len(statements_of(engine, rare, page)) <= len(statements_of(engine, common, page))
