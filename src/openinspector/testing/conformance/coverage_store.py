"""Contract tests for every coverage store. Subclass, and provide an empty one as the fixture ``store``."""

from collections import Counter

from openinspector.service.ports.coverage_store import CoverageStore, HostCoverage
from openinspector.testing import model_builders as builders

RUN = builders.run().arn
FIRST, SECOND, THIRD = (builders.agent_id(number) for number in (1, 2, 3))


def covered(number: int = 1, affected: int = 1) -> HostCoverage:
    """Return the coverage of host ``number``."""
    return HostCoverage(
        agent_id=builders.agent_id(number),
        counts=Counter({"AFFECTED": affected, "NO_STATEMENT": 2}),  # as `engine.coverage.counts_of` returns it
        scored=3,
        unscored=4,
        score_sources={"nvd": "2026-11-25T00:00:00+00:00"},
        object_name=f"telemetry/{number}",
    )


class CoverageStoreSuite:
    """The contract of `CoverageStore`."""

    def test_hosts_come_by_agent_id_in_pages(self, store: CoverageStore) -> None:
        store.record(RUN, [covered(2), covered(1)])
        store.record(RUN, [covered(3)])
        assert list(store.hosts(RUN, None, 2)) == [covered(1), covered(2)]
        assert list(store.hosts(RUN, SECOND, 2)) == [covered(3)]
        assert list(store.hosts(RUN, THIRD, 2)) == []

    def test_one_host(self, store: CoverageStore) -> None:
        store.record(RUN, [covered(1), covered(2)])
        assert store.host(RUN, SECOND) == covered(2)
        assert store.host(RUN, THIRD) is None
        assert store.host(builders.run(2).arn, SECOND) is None

    def test_recording_a_host_again_replaces_its_coverage(self, store: CoverageStore) -> None:
        """An evaluation step that is repeated counts no package twice."""
        for affected in (1, 7):
            store.record(RUN, [covered(1, affected)])
        assert list(store.hosts(RUN, None, 10)) == [covered(1, 7)]

    def test_runs_are_apart_and_deleted_apart(self, store: CoverageStore) -> None:
        other = builders.run(2).arn
        for run in (other, RUN):
            store.record(run, [covered()])
        assert list(store.runs()) == [RUN, other]
        store.delete_run(RUN)
        assert (list(store.hosts(RUN, None, 10)), list(store.runs())) == ([], [other])
