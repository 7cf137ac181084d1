"""Contract tests for every rollout store. Subclass, and provide an empty one as the fixture ``store``."""

from dataclasses import replace
from typing import Any

import pytest

from openinspector.model.asset import Tag
from openinspector.service.ports.rollout_store import ReportCounts, RolloutRing, RolloutStore, UpdateReport
from openinspector.testing.model_builders import agent_id, moment


def ring(name: str = "early", **changes: Any) -> RolloutRing:
    """Return a ring of every host."""
    plain = RolloutRing(name=name, position=1, tags=(), percentage=100, version="2.0", max_failure_percent=20)
    return replace(plain, **changes)


def report(number: int = 1, **changes: Any) -> UpdateReport:
    """Return host ``number``'s report of a success."""
    plain = UpdateReport(
        agent_id=agent_id(number),
        ring="early",
        from_version="1.0",
        to_version="2.0",
        succeeded=True,
        result="UPDATED",
        diagnostics="",
        at=moment(number),
    )
    return replace(plain, **changes)


class RolloutStoreSuite:
    """Tests of the port's contract."""

    @pytest.fixture
    def store(self) -> RolloutStore:
        """Return an empty store."""
        raise NotImplementedError

    def test_rings_are_ordered_by_position_then_name(self, store: RolloutStore) -> None:
        """An agent belongs to the first ring that matches."""
        tags = (Tag(key="Env", value="test"), Tag(key="Canary"))
        rings = [ring("z", position=1, tags=tags, percentage=5), ring("a", position=2), ring("b", position=2)]
        for one in reversed(rings):
            store.put_ring(one)
        assert list(store.list_rings()) == rings

    def test_a_ring_is_replaced_by_its_name(self, store: RolloutStore) -> None:
        """There is one ring of a name."""
        store.put_ring(ring(version="1.0"))
        store.put_ring(ring(version="2.0", paused_because="broken"))
        assert list(store.list_rings()) == [ring(version="2.0", paused_because="broken")]

    def test_ring_is_paused_and_resumed(self, store: RolloutStore) -> None:
        store.put_ring(ring())
        assert store.set_pause("early", "too many failures")
        assert [one.paused_because for one in store.list_rings()] == ["too many failures"]
        assert store.set_pause("early", "")
        assert list(store.list_rings()) == [ring()]
        assert not store.set_pause("other", "why")

    def test_deleting_a_ring_deletes_its_reports(self, store: RolloutStore) -> None:
        store.put_ring(ring())
        store.add_report(report(1))
        store.add_report(report(2, ring="late"))
        assert store.delete_ring("early")
        assert not store.delete_ring("early")
        assert store.list_rings() == []
        assert store.count_reports("early", "2.0") == ReportCounts()
        assert store.count_reports("late", "2.0") == ReportCounts(succeeded=1)

    def test_only_the_last_report_of_each_agent_counts(self, store: RolloutStore) -> None:
        """A successful retry replaces the failure."""
        store.add_report(report(1, succeeded=False, result="SELF_TEST_FAILED"))
        store.add_report(report(1))
        store.add_report(report(2, succeeded=False))
        store.add_report(report(3, to_version="3.0", succeeded=False))
        assert store.count_reports("early", "2.0") == ReportCounts(succeeded=1, failed=1)
        assert store.count_reports("early", "3.0") == ReportCounts(failed=1)
        assert store.count_reports("late", "2.0") == ReportCounts()

    def test_failures_are_listed_newest_first(self, store: RolloutStore) -> None:
        diagnostics = "no space left\x00\x1b[31m – ünïcode"
        failures = [report(number, succeeded=False, diagnostics=diagnostics) for number in (3, 2, 1)]
        for one in (failures[1], report(4), failures[0], failures[2]):
            store.add_report(one)
        assert list(store.list_failures("early", "2.0", 10)) == failures
        assert list(store.list_failures("early", "2.0", 2)) == failures[:2]
