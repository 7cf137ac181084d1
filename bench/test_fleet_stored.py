"""From facts in memory to stored findings: a mixed fleet through the evaluation and the database, in batches.

``BENCH_STORED_HOSTS`` sets the number of hosts; batches are those of the service. Processor time is of this process:
SQLite is in it, PostgreSQL is beside it, so its wall time is printed too.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from openinspector.engine.asset import asset_of
from openinspector.engine.evaluate import RunEvaluation, evaluate
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import RuleContext
from openinspector.engine.subject import subject_of
from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.finding import Finding, id_width
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.service.settings import Settings
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.migrations import migrate
from openinspector.testing.match_builders import version_schemes
from openinspector.testing.mixed_fleet import MixedFleet
from openinspector.testing.model_builders import run
from openinspector.testing.postgresql import new_database
from openinspector.testing.process_usage import peak_memory_mib

HOSTS = int(os.environ.get("BENCH_STORED_HOSTS", "400"))
BATCH = Settings().evaluation_batch
NOW = datetime(2026, 12, 1, tzinfo=UTC)


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


def test_fleet_is_stored(engine: Engine) -> None:
    fleet = MixedFleet()
    index = AdvisoryIndex(
        fleet.all_advisories(), schemes=version_schemes(), fingerprints={}, vulnerabilities=fleet.vulnerabilities()
    )
    evaluation = RunEvaluation(
        run_arn=run().arn,
        rules={RulesPackageArn("common_vulnerabilities"): (RULE,)},
        context=RuleContext(advisories=index),
        now=NOW,
        id_width=id_width(HOSTS),
    )
    hosts = list(fleet.hosts(HOSTS))
    store = SqlFindingStore(engine)
    found = 0
    judging = storing = 0.0
    began = time.perf_counter()
    for start in range(0, HOSTS, BATCH):
        cpu = time.process_time()
        findings: list[Finding] = []
        for facts in hosts[start : start + BATCH]:
            agent = Agent(id=AgentId(facts.agent_id), public_key=b"", tags=(), enrolled_at=NOW)
            findings += evaluate(evaluation, subject_of(facts), asset_of(facts, agent)).findings
        judged = time.process_time()
        store.add_findings(findings)
        judging += judged - cpu
        storing += time.process_time() - judged
        found += len(findings)
    wall = time.perf_counter() - began
    print(
        f"\n{engine.dialect.name}: {HOSTS:,} hosts, {found:,} findings in {wall:.1f} s; processor time {judging:.1f} s "
        f"to judge, {storing:.1f} s to store: {found / storing:,.0f} findings/s stored, "
        f"{HOSTS * fleet.packages_per_host / (judging + storing):,.0f} package checks/s in all; "
        f"peak {peak_memory_mib():,.0f} MiB, load {os.getloadavg()[0]:.1f}"
    )
    assert found
