"""Contract tests for every summary store. Subclass, and provide the fixtures ``store`` and ``assessments``, empty."""

from openinspector.model.arn import RunArn
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.run_summary import CountedIssue, HostCounts, RunContent, RunSummary
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.summary_store import SummaryStore
from openinspector.testing.model_builders import moment, rules_package_arn, run, target, template


def summary(number: int = 1, hosts: int = 1) -> RunSummary:
    """Return the summary of run ``number``, which ended at second ``number``."""
    issue = CountedIssue(
        rules_package_arn=rules_package_arn(),
        rule_id="CVE-2026-0001",
        subject="openssl \0\u202e",
        severity=Severity.HIGH,
        hosts=hosts,
        first_seen_at=moment(number),
    )
    counted = HostCounts(agent_id="host-1", counts={Severity.HIGH: 1})
    return RunSummary(
        run_arn=run(number).arn,
        template_arn=template().arn,
        completed_at=moment(number),
        content=RunContent(issues=(issue,), hosts=(counted,), gone=0),
    )


class SummaryStoreSuite:
    """The contract of `SummaryStore`."""

    def test_summary_round_trip(self, store: SummaryStore) -> None:
        assert store.get(run().arn) is None
        store.add(summary())
        assert store.get(run().arn) == summary()

    def test_a_summary_does_not_change(self, store: SummaryStore) -> None:
        store.add(summary())
        store.add(summary(hosts=2))
        assert store.get(run().arn) == summary()

    def test_latest(self, store: SummaryStore) -> None:
        """By the end of the run, of a template and before a moment if given."""
        assert store.latest() is None
        for number in (2, 3, 1):
            store.add(summary(number))
        assert store.latest() == run(3).arn
        assert store.latest(template().arn, moment(3)) == run(2).arn
        assert store.latest(template(2).arn) is None
        assert store.latest(before=moment(1)) is None

    def test_recent(self, store: SummaryStore) -> None:
        """Newest first."""
        for number in (2, 3, 1):
            store.add(summary(number))
        assert list(store.recent(2)) == [run(3).arn, run(2).arn]

    def test_delete(self, store: SummaryStore) -> None:
        store.add(summary(1))
        store.add(summary(2))
        store.delete_run(run(2).arn)
        store.delete_run(run(2).arn)
        assert store.latest() == run(1).arn

    def test_completed_runs_without_summary_are_pending(
        self, store: SummaryStore, assessments: AssessmentStore
    ) -> None:
        """Oldest first; runs that failed or are in progress have none."""
        assessments.add_target(target())
        assessments.add_template(template())
        for number in (1, 2, 3, 4):
            assessments.add_run(run(number), ())
        for number in (2, 1, 3):
            _complete(assessments, run(number).arn)
        assert list(store.pending(2)) == [run(2).arn, run(1).arn]
        store.add(summary(2))
        assert list(store.pending(9)) == [run(1).arn, run(3).arn]


def _complete(assessments: AssessmentStore, arn: RunArn) -> None:
    states = AssessmentRunState
    last = max(
        one.completed_at or one.created_at for one in assessments.runs_by_arn([run(n).arn for n in (1, 2, 3)]).values()
    )
    for state in (
        states.START_DATA_COLLECTION_PENDING,
        states.START_DATA_COLLECTION_IN_PROGRESS,
        states.COLLECTING_DATA,
        states.STOP_DATA_COLLECTION_PENDING,
        states.DATA_COLLECTED,
        states.EVALUATING_RULES,
        states.COMPLETED,
    ):
        last = assessments.advance_run(arn, state, last + (moment(2) - moment(1))).state_changed_at
