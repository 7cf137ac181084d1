"""Where exclusions previews are kept while somebody reads them (F8.7, F8.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import TemplateArn
from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionPreview


class PreviewInProgressError(StoreError):
    """A preview of the template is being made already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionsPreview:
    """The exclusions foreseen for a template at one time."""

    token: str
    """A UUID in lower case."""
    template_arn: TemplateArn
    created_at: datetime
    exclusions: tuple[ExclusionPreview, ...] | None = None
    """None while they are being found out."""


class PreviewStore(Protocol):
    """Keeps previews; of each template at most one is in progress."""

    def begin(self, preview: ExclusionsPreview, hung_before: datetime) -> None:
        """Add a preview in progress; PreviewInProgressError where its template has one.

        One in progress that was begun before ``hung_before`` is given up for it.
        """
        ...

    def complete(self, token: str, exclusions: Sequence[ExclusionPreview]) -> None:
        """Add what was found out; nothing where the preview is gone or complete."""
        ...

    def get(self, token: str) -> ExclusionsPreview | None:
        """Return a preview, or None."""
        ...

    def delete(self, token: str) -> None:
        """Delete a preview; nothing where it is not there."""
        ...

    def forget(self, before: datetime) -> int:
        """Delete previews, in progress or not, that were begun before a time; says how many."""
        ...
