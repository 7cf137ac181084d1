"""Delete everything stored below a deleted target, template or run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from openinspector.model.arn import RunArn, TargetArn, TemplateArn
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.coverage_store import CoverageStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.ports.record_store import (
    ScheduleStore,
    SubscriptionStore,
    TailoringStore,
    WaiverStore,
    WebhookStore,
)
from openinspector.service.ports.report_store import ReportStore
from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.ports.summary_store import SummaryStore
from openinspector.service.ports.telemetry_store import TelemetryStore


class _Records(Protocol):
    def delete_below(self, parent: TargetArn | TemplateArn) -> int: ...

    def templates(self) -> Sequence[TemplateArn]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Deletes what belongs to templates and runs; every call may be repeated."""

    assessments: AssessmentStore
    schedules: ScheduleStore
    subscriptions: SubscriptionStore
    webhooks: WebhookStore
    waivers: WaiverStore
    tailorings: TailoringStore
    findings: FindingStore
    summaries: SummaryStore
    rule_results: RuleResultStore
    coverage: CoverageStore
    reports: ReportStore
    notifications: NotificationStore
    telemetry: TelemetryStore
    shred_telemetry: Callable[[RunArn], None]
    """Destroys the data key of a run, then deletes its telemetry."""
    report_vault: ReportVault
    clock: Clock

    def delete_below(self, parent: TargetArn | TemplateArn) -> None:
        """Delete the records of a template, such as schedules and waivers, or of all templates of a target."""
        for records in self._records:
            records.delete_below(parent)

    def delete_runs(self, runs: Sequence[RunArn]) -> None:
        """Delete what runs produced, including reports and their keys (F7.7), and shred their telemetry (F4.37).

        Findings of all runs go first, so that nothing of a deleted run is visible. The object store may fail next, or
        the process may die. Rule results therefore go last, and runs without any get an empty record first: it is how
        `delete_orphans` finds an interrupted deletion.
        """
        for run in runs:
            self.rule_results.record(run, (), {})
            self.findings.delete_run(run)
            self.summaries.delete_run(run)
            self.coverage.delete_run(run)
            for report in self.reports.of_run(run):
                self.reports.delete(report.id)
            self.notifications.delete_run(run)
        for run in runs:
            self.shred_telemetry(run)
            self.report_vault.delete_run(run)
            self.rule_results.delete_run(run)

    def delete_orphans(self) -> int:
        """Delete data left behind by deleted runs and templates; return the number of runs.

        A deletion may have been interrupted: the process died, or a store failed. All leftovers are listed before the
        existing templates and runs are, so that data added meanwhile are not mistaken for leftovers.
        """
        templates = {template for records in self._records for template in records.templates()}
        for template in templates - self.assessments.templates_by_arn(sorted(templates)).keys():
            self.delete_below(template)
        produced = {
            *self.findings.runs(),
            *self.notifications.runs(),
            *self.rule_results.runs(),
            *self.coverage.runs(),
            *(key.run_arn for key in self.telemetry.run_keys_created_before(self.clock.now())),
        }
        orphans = sorted(produced - self.assessments.runs_by_arn(sorted(produced)).keys())
        self.delete_runs(orphans)
        return len(orphans)

    @property
    def _records(self) -> tuple[_Records, ...]:
        return self.schedules, self.subscriptions, self.webhooks, self.waivers, self.tailorings
