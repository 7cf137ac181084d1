"""Exclusions previews: what a run of a template would not assess, found before it starts (F8.2, F8.6).

A workflow makes the preview (`worker/preview_maker.py`), so that it completes even if the process dies. The client
polls with a token.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionPreview
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, PreviewInProgress
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.page import NO_TIME, Cursor, Page, PageRequest
from openinspector.service.ports.preview_store import ExclusionsPreview, PreviewInProgressError, PreviewStore
from openinspector.service.ports.workflows import Workflows

PREVIEW_WORKFLOW: Final = "exclusions_preview"
"""The workflow that makes a preview; its id is the preview's token."""
LIFETIME: Final = timedelta(days=1)
"""How long a preview can be read."""
TIME_LIMIT: Final = timedelta(minutes=10)
"""A preview in progress for longer than this is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionsPreviews:
    """Starts previews and returns their results."""

    previews: PreviewStore
    assessments: AssessmentStore
    workflows: Workflows
    clock: Clock

    def create(self, template_arn: str, token: str) -> str:
        """Begin a preview under ``token`` and return it; InvalidInput, NoSuchEntity, PreviewInProgress."""
        template = arguments.existing_template(self.assessments, template_arn)
        now = self.clock.now()
        self.previews.forget(now - LIFETIME)
        try:
            begun = ExclusionsPreview(token=token, template_arn=template.arn, created_at=now)
            self.previews.begin(begun, now - TIME_LIMIT)
        except PreviewInProgressError as error:
            raise PreviewInProgress from error
        try:
            self.workflows.start(PREVIEW_WORKFLOW, token, token)
        except StoreError:
            # The client did not get the token and cannot poll: do not block the template's next preview.
            self.previews.delete(token)
            raise
        return token

    def existing(self, template_arn: str, token: str) -> ExclusionsPreview:
        """Return a preview of a template; restart its workflow if it is in progress. InvalidInput, NoSuchEntity."""
        template = arguments.existing_template(self.assessments, template_arn)
        preview = self.previews.get(token)
        if preview is None or preview.template_arn != template.arn or _timed_out(preview, self.clock.now()):
            raise InvalidInput(
                "INVALID_ATTRIBUTE",
                "The preview token is not one of this template, or its preview expired or failed; "
                "create another preview.",
            )
        if preview.exclusions is None:
            # The process may have died before the workflow started. Starting the same id again has no effect.
            self.workflows.start(PREVIEW_WORKFLOW, token, token)
        return preview


def list_page(exclusions: tuple[ExclusionPreview, ...], page: PageRequest) -> Page[ExclusionPreview]:
    """Return one page of the exclusions of a preview, in stored order."""
    first = int(page.after.arn) if page.after is not None else 0
    last = first + page.limit
    following = Cursor(created_at=NO_TIME, arn=str(last)) if last < len(exclusions) else None
    return Page(rows=exclusions[first:last], next=following)


def _timed_out(preview: ExclusionsPreview, now: datetime) -> bool:
    return preview.exclusions is None and preview.created_at < now - TIME_LIMIT
