"""What 100,000 agents cost a node that does nothing: processor time of a monitor's tick and of what a change costs.

`BENCH_AGENTS` is the number of agents, all of one run that collects and of which no stream is closed.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.stores.agent_sql import SqlAgentStore, row_of
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.change_sql import SqlChangeStore
from openinspector.service.stores.engine import open_engine, writing
from openinspector.service.stores.identity_sql import SqlIdentityStore
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.schema import AGENT, RUN_AGENT
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.worker.collection_monitor import CollectionMonitor, CollectionSettings, CollectionStores
from openinspector.testing import model_builders as builders
from openinspector.testing.postgresql import new_database
from openinspector.testing.recorded_workflows import RecordedWorkflows

AGENTS = int(os.environ.get("BENCH_AGENTS", "100000"))
ROUNDS = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    sqlite = f"sqlite:///{tmp_path / 'fleet.db'}"
    url = sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgresql_url"))
    opened = open_engine(url)
    migrate(opened)
    return opened


def milliseconds(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    began = time.process_time()
    for _ in range(rounds):
        action()
    return (time.process_time() - began) / rounds * 1000


def test_a_large_fleet_costs_a_node_nothing_on_a_timer(engine: Engine) -> None:
    assessments, telemetry, changes = SqlAssessmentStore(engine), SqlTelemetryStore(engine), SqlChangeStore(engine)
    assessments.add_target(builders.target())
    assessments.add_template(builders.template())
    run = builders.run()
    assessments.add_run(run, [])
    for state in (
        AssessmentRunState.START_DATA_COLLECTION_PENDING,
        AssessmentRunState.START_DATA_COLLECTION_IN_PROGRESS,
        AssessmentRunState.COLLECTING_DATA,
    ):
        assessments.advance_run(run.arn, state, builders.moment(1))
    with writing(engine) as connection:
        for begin in range(0, AGENTS, 10_000):
            agents = [builders.agent(number) for number in range(begin, min(begin + 10_000, AGENTS))]
            connection.execute(insert(AGENT), [row_of(agent) for agent in agents])
            connection.execute(insert(RUN_AGENT), [{"run_arn": run.arn, "agent_id": agent.id} for agent in agents])
    monitor = CollectionMonitor(
        stores=CollectionStores(assessments=assessments, telemetry=telemetry),
        board=InstructionBoard(),
        workflows=RecordedWorkflows(),
        settings=CollectionSettings(close_when_collected=True, sensors_for=lambda _packages, _family: ("dpkg",)),
    )
    first = milliseconds(monitor.tick, 1)
    later = milliseconds(monitor.tick)
    asked = milliseconds(lambda: changes.since(0))
    one = [builders.agent(1).id]
    key = milliseconds(lambda: SqlIdentityStore(engine).keys_by_id(one))
    listed = milliseconds(lambda: SqlAgentStore(engine).list_agents(), 1)
    print(
        f"\n{engine.dialect.name}, {AGENTS:,} agents, processor time of the node: first tick of a run {first:.1f} ms, "
        f"later ticks {later:.2f} ms, reading no change {asked:.2f} ms, one changed key {key:.2f} ms; "
        f"all agents, as at a run's start {listed:.0f} ms; load {os.getloadavg()[0]:.1f}"
    )
