"""Contract tests for every report store. Subclass, and provide an empty one as the fixture ``store``."""

from functools import partial
from typing import Any

from openinspector.model.report import Report, ReportFormat, ReportStatus, ReportType
from openinspector.service.ports.report_store import ReportStore
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.threads import at_once


def report(number: int = 1, run: int = 1, **fields: Any) -> Report:
    """Return a report in progress: a finding report as HTML by default."""
    given = {"type": ReportType.FINDING, "format": ReportFormat.HTML, **fields}
    return Report(
        id=f"00000000-0000-4000-8000-{number:012d}",
        run_arn=builders.run(run).arn,
        requested_at=builders.moment(number),
        **given,
    )


class ReportStoreSuite:
    """The contract of `ReportStore`."""

    def test_a_report_is_in_progress_until_it_is_complete(self, store: ReportStore) -> None:
        assert store.begin(report()) == report()
        assert store.get(report().id) == report()
        assert store.complete(report().id, builders.moment(9), b"\x00wrapped")
        done = report(status=ReportStatus.COMPLETED, ended_at=builders.moment(9), wrapped_key=b"\x00wrapped")
        assert store.get(report().id) == done

    def test_report_ends_once(self, store: ReportStore) -> None:
        store.begin(report())
        assert store.fail(report().id, builders.moment(9))
        assert not store.complete(report().id, builders.moment(10), b"late")
        assert not store.fail(report().id, builders.moment(10))
        assert store.get(report().id) == report(status=ReportStatus.FAILED, ended_at=builders.moment(9))

    def test_one_report_in_progress_per_run_type_and_format(self, store: ReportStore) -> None:
        store.begin(report(1))
        assert store.begin(report(2)) == report(1)
        others = (report(3, type=ReportType.FULL), report(4, format=ReportFormat.PDF), report(5, run=2))
        for other in others:
            assert store.begin(other) == other
        store.complete(report(1).id, builders.moment(9), b"key")
        assert store.begin(report(6)) == report(6)

    def test_one_of_many_concurrent_starts_succeeds(self, store: ReportStore) -> None:
        begun = at_once([partial(store.begin, report(number)) for number in range(8)])
        assert len({one.id for one in begun if isinstance(one, Report)}) == 1
        assert len(store.of_run(report().run_arn)) == 1

    def test_versions_are_listed_newest_first(self, store: ReportStore) -> None:
        """Several versions of a run's report may be kept (F7.7)."""
        for number in (1, 2):
            store.begin(report(number))
            store.complete(report(number).id, builders.moment(number), b"key")
        store.begin(report(3, format=ReportFormat.PDF))
        store.begin(report(4, run=2))
        run = report().run_arn
        assert [one.id for one in store.of_run(run)] == [report(number).id for number in (3, 2, 1)]
        latest = store.latest(run, ReportType.FINDING, ReportFormat.HTML)
        assert latest is not None
        assert latest.id == report(2).id
        assert store.latest(run, ReportType.FULL, ReportFormat.HTML) is None

    def test_report_is_deleted_in_any_state(self, store: ReportStore) -> None:
        """Completing it returns False, and another may begin."""
        store.begin(report(1))
        store.delete(report(1).id)
        store.delete(report(1).id)
        assert store.get(report(1).id) is None
        assert not store.complete(report(1).id, builders.moment(9), b"key")
        assert store.begin(report(2)) == report(2)
