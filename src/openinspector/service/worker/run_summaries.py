"""RunSummaries: counts the findings of completed runs as issues, once for each run."""

from dataclasses import dataclass
from typing import Final

from openinspector.engine.run_summary import count_issues
from openinspector.model.arn import RunArn
from openinspector.model.run_summary import RunSummary
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.summary_store import SummaryStore

_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummaries:
    """Makes missing summaries."""

    assessments: AssessmentStore
    findings: FindingStore
    summaries: SummaryStore

    def make_pending(self) -> int:
        """Make the summaries that are missing, oldest run first; return their number."""
        pending = self.summaries.pending(_AT_ONCE)
        for run in pending:
            self._make(run)
        return len(pending)

    def _make(self, arn: RunArn) -> None:
        run = self.assessments.runs_by_arn([arn]).get(arn)
        if run is None or run.completed_at is None:
            return
        previous = self.summaries.latest(run.template_arn, run.completed_at)
        before = self.summaries.get(previous) if previous is not None else None
        found = self.findings.body_hosts(arn)
        content = count_issues(found, before.content if before is not None else None, run.completed_at)
        self.summaries.add(
            RunSummary(run_arn=arn, template_arn=run.template_arn, completed_at=run.completed_at, content=content)
        )
