"""ListFindings with every filter over a million stored findings, and DescribeFindings of ten.

As the API asks: only findings of runs that have ended. Two shapes: a hundred runs of 10,000 findings, and one run of a
million. Each is stored through the store, in batches of the evaluator's size, once with a moment a batch (as the
evaluator stamps them) and once with a moment a finding. ``BENCH_FINDINGS`` makes it smaller.
"""

import os
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import pytest
from sqlalchemy import Engine, text

from openinspector.model.arn import FindingArn, RunArn, finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.finding import INSTANCE, Attribute, Finding, Severity, StatedIssue
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.assessment_store import TimeRange
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.migrations import migrate
from openinspector.testing.model_builders import (
    finding,
    moment,
    rules_package_arn,
    run,
    stated_issue,
    target,
    template,
)
from openinspector.testing.postgresql import new_database

FINDINGS: Final = int(os.environ.get("BENCH_FINDINGS", "1000000"))
BATCH: Final = 7_500
RULES: Final = 1_000
PAGE: Final = PageRequest(limit=10)
"""The default of ListFindings (F11.31)."""
REPEATS: Final = 9
DEEP_PAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How the findings are spread."""

    name: str
    runs: int
    hosts: int
    """Of each run."""
    one_moment_a_batch: bool


SHAPES: Final = (
    Shape("100 runs, a moment a batch", 100, 100, one_moment_a_batch=True),
    Shape("one run, a moment a batch", 1, 1_000, one_moment_a_batch=True),
    Shape("one run, a moment a finding", 1, 1_000, one_moment_a_batch=False),
)
RED: Final = Attribute(key="team", value="red")
BLUE: Final = Attribute(key="team", value="blue")
RARE_RULE: Final = "CVE-2026-9999"


def host(number: int) -> str:
    return f"i-{number:08d}"


def rule(number: int) -> str:
    return f"CVE-2026-{number:04d}"


FILTERS: Final[Mapping[str, FindingFilter]] = {
    "none": FindingFilter(),
    "severity, common": FindingFilter(severities=(Severity.MEDIUM,)),
    "severity, only the last finding": FindingFilter(severities=(Severity.INFORMATIONAL,)),
    "severity, none has it": FindingFilter(severities=(Severity.UNDEFINED,)),
    "agent, one": FindingFilter(agent_ids=(host(1),)),
    "agent, the last": FindingFilter(agent_ids=(host(10**7),)),
    "agents, fifty": FindingFilter(agent_ids=tuple(host(number) for number in range(50))),
    "agent, unknown": FindingFilter(agent_ids=("i-unknown",)),
    "auto scaling group, half": FindingFilter(auto_scaling_groups=("even",)),
    "auto scaling group, only the last finding": FindingFilter(auto_scaling_groups=("last",)),
    "rule, one in 1,000": FindingFilter(rule_names=(rule(7),)),
    "rule, only the last finding": FindingFilter(rule_names=(RARE_RULE,)),
    "rules package, most": FindingFilter(rules_package_arns=(rules_package_arn(1),)),
    "rules package, only the last finding": FindingFilter(rules_package_arns=(rules_package_arn(2),)),
    "attribute, one in 1,000": FindingFilter(attributes=(Attribute(key="CVE", value=rule(7)),)),
    "attribute, a host": FindingFilter(attributes=(Attribute(key="INSTANCE_ID", value=host(1)),)),
    "attribute, only the last finding": FindingFilter(attributes=(Attribute(key="CVE", value=RARE_RULE),)),
    "attribute, unknown": FindingFilter(attributes=(Attribute(key="CVE", value="none"),)),
    "user attribute, all": FindingFilter(user_attributes=(BLUE,)),
    "user attribute, only the last finding": FindingFilter(user_attributes=(RED,)),
    "created in the last batch": FindingFilter(created=TimeRange(begin=moment(10**6 - 1))),
    "created before everything": FindingFilter(created=TimeRange(end=moment(-1))),
    "severity and rule that meet": FindingFilter(severities=(Severity.HIGH,), rule_names=(rule(10),)),
    "severity and rule that never meet": FindingFilter(severities=(Severity.HIGH,), rule_names=(rule(7),)),
    "rule and attribute that never meet": FindingFilter(
        rule_names=(rule(7),), attributes=(Attribute(key="CVE", value=rule(8)),)
    ),
    "two attributes that meet": FindingFilter(
        attributes=(Attribute(key="CVE", value=rule(7)), Attribute(key="INSTANCE_ID", value=host(7)))
    ),
    "agent, rule, severity, package, group": FindingFilter(
        agent_ids=(host(2),),
        rule_names=(rule(2),),
        severities=(Severity.MEDIUM,),
        rules_package_arns=(rules_package_arn(1),),
        auto_scaling_groups=("even",),
    ),
    "group and severity that never meet": FindingFilter(auto_scaling_groups=("odd",), severities=(Severity.LOW,)),
}


def findings_of(shape: Shape) -> Iterator[Finding]:
    """Yield findings in the order they are stored; one of the last is like no other."""
    hosts = [
        AssetAttributes(agent_id=host(number), auto_scaling_group="even" if number % 2 == 0 else "odd")
        for number in range(shape.hosts)
    ]
    each = FINDINGS // shape.runs
    for parent in range(shape.runs):
        arn = run(parent).arn
        for number in range(each):
            place = parent * each + number
            # A host's findings follow one another, as hosts are evaluated one after another.
            asset = hosts[number * shape.hosts // each]
            yield one_finding(arn, number, asset, place // BATCH if shape.one_moment_a_batch else place)
    last = AssetAttributes(agent_id=host(10**7), auto_scaling_group="last")
    yield msgspec.structs.replace(
        one_finding(run(shape.runs - 1).arn, each, last, 10**6),
        body=body_of(RARE_RULE, Severity.INFORMATIONAL, Attribute(key="CVE", value=RARE_RULE)),
        rules_package_arn=rules_package_arn(2),
        attributes=(),
        user_attributes=(RED,),
    )


def one_finding(arn: RunArn, number: int, asset: AssetAttributes, second: int) -> Finding:
    kind = number % RULES
    # Low on hosts of even groups alone, High for every tenth rule alone.
    even = asset.auto_scaling_group == "even"
    severity = Severity.HIGH if kind % 10 == 0 else Severity.LOW if kind % 10 == 1 and even else Severity.MEDIUM
    made = _PATTERN
    return Finding(
        arn=finding_arn(arn, f"0-{number:08d}"),
        run_arn=arn,
        rules_package_arn=made.rules_package_arn,
        body=body_of(
            rule(kind),
            severity,
            Attribute(key="CVE", value=rule(kind)),
            Attribute(key="PACKAGE", value=f"package-{kind // 3}"),
        ),
        asset=asset,
        attributes=(Attribute(key="INSTANCE_ID", value=asset.agent_id),),
        user_attributes=(BLUE,),
        created_at=moment(second),
        updated_at=moment(second),
    )


@cache
def body_of(name: str, severity: Severity, *attributes: Attribute) -> StatedIssue:
    """Return the body that all hosts with the issue share."""
    return stated_issue(
        rule_id=name,
        severity=severity,
        title=f"Instance {INSTANCE} is vulnerable to {name}",
        description=f"The flaw {name} lets remote attackers crash it.",
        attributes=attributes,
    )


_PATTERN: Final = finding()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/bench.db"
    else:
        url = new_database(request.getfixturevalue("postgresql_url"))
    made = open_engine(url)
    migrate(made)
    yield made
    made.dispose()


def size_of(engine: Engine) -> int:
    query = "SELECT pg_database_size(current_database())"
    if engine.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def fill(store: SqlFindingStore, shape: Shape) -> float:
    """Store the findings; return the seconds the store took."""
    took, batch = 0.0, list[Finding]()

    def flush() -> None:
        nonlocal took
        began = time.perf_counter()
        store.add_findings(batch)
        took += time.perf_counter() - began
        batch.clear()

    for one in findings_of(shape):
        batch.append(one)
        if len(batch) == BATCH:
            flush()
    flush()
    return took


def end_runs(engine: Engine, shape: Shape) -> None:
    """Store the runs, ended; one more is in progress."""
    store = SqlAssessmentStore(engine)
    store.add_target(target())
    store.add_template(template())
    for number in range(shape.runs + 1):
        store.add_run(run(number), ())
    for number in range(shape.runs):
        store.advance_run(run(number).arn, AssessmentRunState.FAILED, moment(10**6))


def deep_page(store: SqlFindingStore, wanted: FindingFilter) -> PageRequest | None:
    """Return the request of page 1,000, None where there are fewer; walked in long steps."""
    left, page = (DEEP_PAGES - 1) * PAGE.limit, None
    after = None
    while left:
        found = store.list_findings(wanted, PageRequest(limit=min(500, left), after=after))
        if found.next is None:
            return None
        left -= len(found.rows)
        after = found.next
        page = PageRequest(limit=PAGE.limit, after=after)
    return page


def timed(store: SqlFindingStore, wanted: FindingFilter, page: PageRequest) -> tuple[list[float], Page[FindingArn]]:
    """Return milliseconds, sorted, and the page."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = store.list_findings(wanted, page)
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times), found


def shown(times: list[float]) -> str:
    return f"{times[0]:7.1f} {statistics.median(times):7.1f} {times[-1]:7.1f}"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_page_of_findings(engine: Engine, shape: Shape) -> None:
    store = SqlFindingStore(engine)
    took = fill(store, shape)
    end_runs(engine, shape)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    print(
        f"\n{engine.dialect.name}, {shape.name}: {FINDINGS:,} findings stored in {took:.0f} s "
        f"({FINDINGS / took:,.0f} a second), {size_of(engine) / FINDINGS:.0f} bytes each"
    )
    print(f"  {'ms: min, median, max':42} first page                page {DEEP_PAGES:,}")
    first: list[FindingArn] = []
    for name, every in FILTERS.items():
        wanted = replace(every, of_ended_runs=True)
        times, page = timed(store, wanted, PAGE)
        first = first or list(page.rows)
        deep = deep_page(store, wanted)
        last = shown(timed(store, wanted, deep)[0]) if deep is not None else "-"
        print(f"  {name:42} {shown(times)}  {last}  {len(page.rows)} found")
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        described = store.findings_by_arn(first, of_ended_runs=True)
        times.append((time.perf_counter() - began) * 1000)
    assert len(described) == PAGE.limit
    print(f"  {'DescribeFindings of 10':42} {shown(sorted(times))}")
