"""Store of exclusions previews (F8.7, F8.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import TemplateArn
from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionPreview


class PreviewInProgressError(StoreError):
    """A preview of the template is in progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionsPreview:
    """The exclusions foreseen for a template at one time."""

    token: str
    """A UUID in lower case."""
    template_arn: TemplateArn
    created_at: datetime
    exclusions: tuple[ExclusionPreview, ...] | None = None
    """None while the preview is in progress."""


class PreviewStore(Protocol):
    """Stores previews; at most one per template is in progress."""

    def begin(self, preview: ExclusionsPreview, hung_before: datetime) -> None:
        """Add a preview in progress; PreviewInProgressError if its template has one.

        A preview in progress that began before ``hung_before`` is deleted first.
        """
        ...

    def complete(self, token: str, exclusions: Sequence[ExclusionPreview]) -> None:
        """Store the exclusions found; no effect if the preview is deleted or complete."""
        ...

    def get(self, token: str) -> ExclusionsPreview | None:
        """Return a preview, or None."""
        ...

    def delete(self, token: str) -> None:
        """Delete a preview; no effect if it does not exist."""
        ...

    def forget(self, before: datetime) -> int:
        """Delete previews, in progress or not, that began before a time; return the number deleted."""
        ...
