"""Exclusions of runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from openinspector.model.arn import ExclusionArn, parse_exclusion_arn
from openinspector.model.exclusion import Exclusion
from openinspector.service.app.arguments import existing_run
from openinspector.service.app.batch import LookUpResult, look_up
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.page import NO_TIME, Cursor, Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Finds exclusions."""

    assessments: AssessmentStore
    findings: FindingStore

    def list_page(self, run_arn: str, page: PageRequest) -> Page[ExclusionArn]:
        """Return one page of the exclusions of a run, by ARN; InvalidInput, NoSuchEntity."""
        run = existing_run(self.assessments, run_arn)
        after = ExclusionArn(page.after.arn) if page.after is not None else None
        found = self.findings.list_exclusions(run.arn, after, page.limit + 1)
        rows = found[: page.limit]
        return Page(rows=rows, next=Cursor(created_at=NO_TIME, arn=rows[-1]) if len(found) > page.limit else None)

    def describe(self, arns: Sequence[str]) -> LookUpResult[ExclusionArn, Exclusion]:
        """Return exclusions by ARN."""
        return look_up(arns, parse_exclusion_arn, self.findings.exclusions_by_arn)
