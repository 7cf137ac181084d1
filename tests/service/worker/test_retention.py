"""Telemetry is shredded when its days are over, and an interrupted shredding is finished."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.service.gateway_world import AGENT, OTHER_RUN, RUN, World, envelope

from openinspector.model.errors import StoreError
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.worker.retention import apply_retention

DAY = 24 * 3600


class FailingObjects:
    """An object store that stops answering after so many deletions."""

    def __init__(self, inner: ObjectStore, deletions: int) -> None:
        self._inner = inner
        self.deletions = deletions

    def put(self, name: str, content: bytes) -> None:
        self._inner.put(name, content)

    def get(self, name: str) -> bytes:
        return self._inner.get(name)

    def names(self, prefix: str) -> Iterator[str]:
        return self._inner.names(prefix)

    def delete(self, name: str) -> None:
        if self.deletions == 0:
            raise StoreError("the object store does not answer")
        self.deletions -= 1
        self._inner.delete(name)


class DeadObjects(FailingObjects):
    """An object store that takes nothing any more."""

    def put(self, name: str, content: bytes) -> None:  # noqa: ARG002
        raise StoreError("the object store does not answer")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(folder=tmp_path)
    made.runs.add(OTHER_RUN, AssessmentRunState.COLLECTING_DATA, AGENT)
    return made


def test_a_run_is_shredded_when_its_days_are_over(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope())
    world.clock.advance(10 * DAY)
    world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))
    world.clock.advance(20 * DAY)
    assert apply_retention(world.telemetry, world.index, 30, world.clock.now()).shredded == ()
    world.clock.advance(1)
    report = apply_retention(world.telemetry, world.index, 30, world.clock.now())
    assert [(receipt.run_arn, receipt.objects_deleted) for receipt in report.shredded] == [(RUN, 1)]
    assert report.failed == ()
    assert len(world.files()) == 1
    assert list(world.telemetry.read(OTHER_RUN, AGENT))


def test_days_are_a_setting(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope())
    world.clock.advance(DAY + 1)
    assert len(apply_retention(world.telemetry, world.index, 1, world.clock.now()).shredded) == 1


def test_interrupted_shredding_deletes_the_key_and_completes_later(world: World) -> None:
    working = world.objects
    for seq in (1, 2, 3):
        world.telemetry.ingest(AGENT, envelope(seq))
    world.clock.advance(31 * DAY)
    world.use(FailingObjects(working, deletions=1))
    report = apply_retention(world.telemetry, world.index, 30, world.clock.now())
    assert (report.shredded, report.failed) == ((), (RUN,))
    assert world.index.run_key(RUN) is None
    world.use(working)
    report = apply_retention(world.telemetry, world.index, 30, world.clock.now())
    assert [(receipt.key_deleted, receipt.objects_deleted) for receipt in report.shredded] == [(False, 2)]
    assert world.files() == []
    assert apply_retention(world.telemetry, world.index, 30, world.clock.now()).shredded == ()


def test_key_is_deleted_despite_a_failed_object_store(world: World) -> None:
    working = world.objects
    world.telemetry.ingest(AGENT, envelope())
    world.use(DeadObjects(working, deletions=0))
    with pytest.raises(StoreError):
        world.telemetry.shred(RUN)
    assert world.index.run_key(RUN) is None


def test_shredding_without_the_object_store_is_finished_when_it_answers(world: World) -> None:
    working = world.objects
    world.telemetry.ingest(AGENT, envelope())
    world.use(DeadObjects(working, deletions=0))
    with pytest.raises(StoreError):
        world.telemetry.shred(RUN)
    world.use(working)
    world.clock.advance(3 * DAY)
    report = apply_retention(world.telemetry, world.index, 30, world.clock.now())
    assert [(receipt.run_arn, receipt.objects_deleted) for receipt in report.shredded] == [(RUN, 1)]
    assert world.files() == []
    assert apply_retention(world.telemetry, world.index, 30, world.clock.now()).shredded == ()


def test_a_key_that_a_restored_database_brings_back_is_shredded_again(world: World) -> None:
    """Whatever restored it: PostgreSQL's own programs know nothing of the ledger."""
    world.telemetry.ingest(AGENT, envelope())
    world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))
    wrapped = world.index.run_key(RUN)
    assert wrapped is not None
    world.telemetry.shred(RUN)
    world.index._keys[RUN] = wrapped
    world.clock.advance(1)
    report = apply_retention(world.telemetry, world.index, 30, world.clock.now())
    assert [receipt.run_arn for receipt in report.shredded] == [RUN]
    assert world.index.run_key(RUN) is None
    assert world.index.run_key(OTHER_RUN) is not None


def test_one_failure_does_not_block_other_runs(world: World) -> None:
    working = world.objects
    world.telemetry.ingest(AGENT, envelope())
    world.clock.advance(1)
    world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))
    world.clock.advance(31 * DAY)
    world.use(FailingObjects(working, deletions=0))
    report = apply_retention(world.telemetry, world.index, 30, world.clock.now())
    assert report.failed == (RUN, OTHER_RUN)
    assert world.index.run_key(OTHER_RUN) is None
