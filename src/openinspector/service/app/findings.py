"""Findings as users see them, and the user attributes they add and remove (F6.22 to F6.25)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from openinspector.model.arn import FindingArn, parse_finding_arn
from openinspector.model.finding import Attribute, Finding
from openinspector.service.app.arguments import existing_run
from openinspector.service.app.batch import FailureCode, LookUpResult, look_up
from openinspector.service.app.errors import NoSuchEntity, UseCaseError
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.page import Page, PageRequest

MAX_USER_ATTRIBUTES = 10

Attributes = tuple[Attribute, ...]


class _TooManyError(UseCaseError):
    """A finding would have more user attributes than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Finds findings and changes their user attributes.

    Findings of a run in progress are invisible (F4.36, F6.21).
    """

    assessments: AssessmentStore
    findings: FindingStore
    clock: Clock

    def list_page(self, run_arns: Sequence[str], wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
        """Return one page of the findings of ``run_arns``, or of all runs; InvalidInput, NoSuchEntity."""
        runs = tuple(existing_run(self.assessments, arn).arn for arn in run_arns)
        return self.findings.list_findings(replace(wanted, of_ended_runs=True, run_arns=runs), page)

    def describe(self, arns: Sequence[str]) -> LookUpResult[FindingArn, Finding]:
        """Return findings by ARN."""
        return look_up(arns, parse_finding_arn, partial(self.findings.findings_by_arn, of_ended_runs=True))

    def existing(self, arn: str) -> Finding:
        """Return a finding; InvalidInput, NoSuchEntity."""
        found = self.describe([arn])
        if found.failed:
            raise NoSuchEntity("FINDING_DOES_NOT_EXIST", f"There is no finding {arn}.")
        return next(iter(found.found.values()))

    def add_attributes(self, arns: Sequence[str], added: Attributes) -> Mapping[str, FailureCode]:
        """Add attributes to findings, replacing values of existing keys (F6.25); return failures by ARN."""
        return self._change(arns, lambda held: _merged(held, added), self.clock.now())

    def remove_attributes(self, arns: Sequence[str], keys: Sequence[str]) -> Mapping[str, FailureCode]:
        """Remove attributes by key; return failures by ARN. The update time does not change (F6.8)."""
        return self._change(arns, lambda held: tuple(one for one in held if one.key not in keys))

    def _change(
        self, arns: Sequence[str], change: Callable[[Attributes], Attributes], updated_at: datetime | None = None
    ) -> Mapping[str, FailureCode]:
        known = self.describe(arns)
        failed = dict(known.failed)
        for arn in known.found:
            try:
                if not self.findings.change_user_attributes(arn, change, updated_at):
                    failed[arn] = FailureCode.ITEM_DOES_NOT_EXIST
            except _TooManyError:
                failed[arn] = FailureCode.LIMIT_EXCEEDED
        return failed


def _merged(held: Attributes, added: Attributes) -> Attributes:
    values = {attribute.key: attribute for attribute in (*held, *added)}
    if len(values) > MAX_USER_ATTRIBUTES:
        raise _TooManyError(f"a finding has at most {MAX_USER_ATTRIBUTES} user attributes")
    return tuple(values.values())
