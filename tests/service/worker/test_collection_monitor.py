"""Runs are woken once there is nothing left to wait for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openinspector.model.arn import RunArn
from openinspector.model.assessment import StopAction
from openinspector.model.errors import StoreError
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.run_workflow import WAKE
from openinspector.service.ports.telemetry_store import Stream
from openinspector.service.worker.collection_monitor import (
    CollectionMonitor,
    CollectionSettings,
    CollectionStores,
    _Followed,
)
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import BuiltInstallation, open_installation
from openinspector.wire.instruction import StartCollection

S = AssessmentRunState
AGENT = builders.agent(1).id


@pytest.fixture
def built(tmp_path: Path) -> BuiltInstallation:
    return open_installation(tmp_path)


def collecting(built: BuiltInstallation) -> RunArn:
    """Return a run that waits for one host."""
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    run = builders.run()
    built.stores.assessments.add_run(run, [built.heartbeat(1).id])
    built.reached(run.arn, S.START_DATA_COLLECTION_PENDING, S.START_DATA_COLLECTION_IN_PROGRESS, S.COLLECTING_DATA)
    return run.arn


def sensors_named_after(_packages: object, system: SystemFamily) -> tuple[str, ...]:
    return (f"{system}_sensor",)


def monitor(built: BuiltInstallation, board: InstructionBoard | None = None) -> CollectionMonitor:
    return CollectionMonitor(
        stores=CollectionStores(assessments=built.stores.assessments, telemetry=built.stores.telemetry),
        board=board or InstructionBoard(),
        workflows=built.workflows,
        settings=CollectionSettings(close_when_collected=True, sensors_for=sensors_named_after),
    )


def test_waiting_run_gets_no_signal(built: BuiltInstallation) -> None:
    collecting(built)
    monitor(built).tick()
    assert built.workflows.signals == []


def test_lost_stop_signal_is_sent_again_once(built: BuiltInstallation) -> None:
    """The stop is stored before the signal is sent, and the process may die, or the send be refused, in between."""
    run, watching = collecting(built), monitor(built)
    built.stores.assessments.request_stop(run, StopAction.START_EVALUATION)
    built.workflows.refusing = True
    with pytest.raises(StoreError):
        watching.tick()
    built.workflows.refusing = False
    watching.tick()
    watching.tick()
    assert built.workflows.signals == [(run, WAKE, "collected")]


def test_each_host_is_asked_for_the_sensors_of_its_system(built: BuiltInstallation) -> None:
    collecting(built)
    board = InstructionBoard()
    monitor(built, board).tick()
    asked = {
        family: [
            given.sensors for given in board.orders(AGENT, family).instructions if isinstance(given, StartCollection)
        ]
        for family in SystemFamily
    }
    assert asked == {family: [(f"{family}_sensor",)] for family in SystemFamily}


def test_a_run_is_woken_when_the_last_stream_is_closed(built: BuiltInstallation) -> None:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    run, board = builders.run().arn, InstructionBoard()
    agents = [built.heartbeat(1).id, built.heartbeat(2).id]
    built.stores.assessments.add_run(builders.run(), agents)
    built.reached(run, S.START_DATA_COLLECTION_PENDING, S.START_DATA_COLLECTION_IN_PROGRESS, S.COLLECTING_DATA)
    watching = monitor(built, board)
    for number, agent in enumerate(agents):
        watching.tick()
        assert board.orders(agent).collects
        assert built.workflows.signals == []
        closed = Stream(agent_id=agent, name="collection", watermark=number, closed_at=built.clock.now(), dropped=0)
        built.stores.telemetry.close_stream(run, closed)
    watching.tick()
    watching.tick()
    assert not any(board.orders(agent).collects for agent in agents)
    assert built.workflows.signals == [(run, WAKE, "collected")]


def test_a_closing_that_was_committed_late_is_noticed(built: BuiltInstallation) -> None:
    """Two transactions may commit in another order than they took their times."""
    run, watching = collecting(built), monitor(built)
    watching._followed[run] = _Followed(agents=frozenset({AGENT}), last=datetime.now(tz=UTC) + timedelta(seconds=30))
    closed = Stream(agent_id=AGENT, name="collection", watermark=0, closed_at=built.clock.now(), dropped=0)
    built.stores.telemetry.close_stream(run, closed)
    watching.tick()
    assert built.workflows.signals == [(run, WAKE, "collected")]
