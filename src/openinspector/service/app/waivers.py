"""Waivers of templates: created from a finding or by name, listed, deleted, and ended where a ground changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from openinspector.engine.waiver import Issue, holds
from openinspector.model.arn import TemplateArn, run_of, template_of, waiver_arn
from openinspector.model.finding import Finding
from openinspector.model.ground import Ground
from openinspector.model.waiver import TemplateWaiver, Waiver, WaiverError, WaiverScope, WaiverVerdict
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, LimitExceeded, NotFound
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.record_store import RecordLimitError, WaiverStore

MAX_WAIVERS: Final = 1000
"""Most waivers of a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWaiver:
    """A waiver as its author states it."""

    issues: tuple[str, ...] = ()
    subject: str = "*"
    agent_ids: tuple[str, ...] = ()
    verdict: WaiverVerdict = WaiverVerdict.ACCEPTED
    reason: str
    owner: str
    expires: date
    holds: tuple[Ground, ...] | None = None
    """None: the grounds of the finding that the verdict rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """Creates, finds, ends and deletes waivers."""

    waivers: WaiverStore
    assessments: AssessmentStore
    findings: FindingStore
    issue_of: Callable[[Finding], Issue | None]
    """Returns the issue of a finding, by its run's telemetry; None if that is gone."""
    clock: Clock
    new_id: NewId

    def create(self, template_arn: str, wanted: NewWaiver) -> TemplateWaiver:
        """Add a waiver by the names of issues. InvalidInput, NoSuchEntity, LimitExceeded."""
        template = arguments.existing_template(self.assessments, template_arn).arn
        return self.add(template, wanted)

    def create_from_finding(self, finding_arn: str, wanted: NewWaiver) -> TemplateWaiver:
        """Add a waiver of a finding's issue on its host; it holds the finding's grounds.

        InvalidInput, NoSuchEntity, LimitExceeded.
        """
        arn = arguments.finding_arn(finding_arn)
        finding = self.findings.findings_by_arn([arn]).get(arn)
        if finding is None:
            raise arguments.no_such("FINDING_DOES_NOT_EXIST", finding_arn)
        template = arguments.existing_template(self.assessments, template_of(run_of(arn))).arn
        issue = self.issue_of(finding)
        if issue is None:
            raise InvalidInput(
                "INVALID_FINDING_ARN",
                "The telemetry of this finding is no longer stored, or does not give this finding any more. "
                "Use a finding of a newer run, or name the issue.",
            )
        held = holds(issue.grounds, wanted.verdict) if wanted.holds is None else wanted.holds
        return self.add(
            template,
            replace(wanted, issues=(issue.name,), agent_ids=wanted.agent_ids or (issue.agent_id,), holds=held),
        )

    def add(self, template: TemplateArn, wanted: NewWaiver, *, from_file: bool = False) -> TemplateWaiver:
        """Add a waiver to an existing template. InvalidInput, LimitExceeded."""
        record = self._record(template, wanted, from_file=from_file)
        try:
            self.waivers.add(record, MAX_WAIVERS)
        except RecordLimitError as error:
            raise LimitExceeded(
                "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED", f"A template has at most {MAX_WAIVERS} waivers."
            ) from error
        return record

    def replace_file(self, template: TemplateArn, wanted: Iterable[NewWaiver]) -> None:
        """Replace the waivers of a template that came from a file. One that did not change keeps where it ended.

        InvalidInput, LimitExceeded; the waivers are checked before any is deleted.
        """
        records = [self._record(template, one, from_file=True) for one in wanted]
        kept = {_stated(held.waiver): held for held in self.waivers.of_templates([template]) if held.from_file}
        wanted_now = {_stated(record.waiver) for record in records}
        for stated, held in kept.items():
            if stated not in wanted_now:
                self.waivers.delete(held.arn)
        for record in records:
            if _stated(record.waiver) not in kept:
                self.waivers.add(record, MAX_WAIVERS)

    def list_page(self, template_arn: str | None, page: PageRequest) -> Page[TemplateWaiver]:
        """Return one page of the waivers of a template, or of all; InvalidInput, NoSuchEntity."""
        template = None
        if template_arn is not None:
            template = arguments.existing_template(self.assessments, template_arn).arn
        return self.waivers.list_page(template, page)

    def delete(self, arn: str) -> None:
        """Delete a waiver; InvalidInput, NotFound."""
        if not self.waivers.delete(arguments.waiver_arn(arn)):
            raise NotFound(f"The waiver {arn} does not exist.")

    def _record(self, template: TemplateArn, wanted: NewWaiver, *, from_file: bool) -> TemplateWaiver:
        now = self.clock.now()
        arn = waiver_arn(template, self.new_id())
        try:
            waiver = Waiver(
                id=arn,
                verdict=wanted.verdict,
                scope=WaiverScope(issues=wanted.issues, subject=wanted.subject, agent_ids=wanted.agent_ids),
                reason=wanted.reason,
                owner=wanted.owner,
                created_on=now.date(),
                expires=wanted.expires,
                holds=wanted.holds or (),
            )
        except WaiverError as error:
            raise InvalidInput("INVALID_ATTRIBUTE", f"{error} {error.advice}".rstrip()) from error
        return TemplateWaiver(arn=arn, template_arn=template, created_at=now, waiver=waiver, from_file=from_file)


def _stated(waiver: Waiver) -> tuple[object, ...]:
    """Return what the author of a waiver stated."""
    return waiver.verdict, waiver.scope, waiver.reason, waiver.owner, waiver.expires, waiver.holds
