"""Runs are woken once there is nothing left to wait for."""

from pathlib import Path

import pytest

from openinspector.model.agent import HostDescription
from openinspector.model.arn import RunArn
from openinspector.model.assessment import StopAction
from openinspector.model.errors import StoreError
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.run_workflow import WAKE
from openinspector.service.worker.collection_monitor import CollectionMonitor, CollectionSettings, CollectionStores
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import BuiltInstallation, open_installation
from openinspector.wire.instruction import StartCollection

S = AssessmentRunState


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
        stores=CollectionStores(
            assessments=built.stores.assessments, agents=built.stores.agents, telemetry=built.stores.telemetry
        ),
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
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    run, board = builders.run(), InstructionBoard()
    linux = built.heartbeat(1, host=HostDescription(distribution="debian:12")).id
    windows = built.heartbeat(2, host=HostDescription(distribution="windows:10.0.20348")).id
    silent = built.heartbeat(3, host=HostDescription()).id
    built.stores.assessments.add_run(run, [linux, windows, silent])
    built.reached(run.arn, S.START_DATA_COLLECTION_PENDING, S.START_DATA_COLLECTION_IN_PROGRESS, S.COLLECTING_DATA)
    watching = monitor(built, board)
    for _ in range(2):
        watching.tick()
        asked = {
            agent: [given.sensors for given in board.for_agent(agent) if isinstance(given, StartCollection)]
            for agent in (linux, windows, silent)
        }
        assert asked == {linux: [("linux_sensor",)], windows: [("windows_sensor",)], silent: [("linux_sensor",)]}
