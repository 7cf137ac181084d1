"""Store of the summaries of completed runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.run_summary import RunSummary


class SummaryStore(Protocol):
    """Stores one summary for each completed run; it does not change."""

    def pending(self, limit: int) -> Sequence[RunArn]:
        """Return completed runs without a summary, oldest first."""
        ...

    def add(self, summary: RunSummary) -> None:
        """Add a summary; an existing one does not change."""
        ...

    def get(self, run: RunArn) -> RunSummary | None:
        """Return a run's summary, or None."""
        ...

    def latest(self, template: TemplateArn | None = None, before: datetime | None = None) -> RunArn | None:
        """Return the run with a summary that ended last, of a template and before a moment if given; or None."""
        ...

    def recent(self, limit: int) -> Sequence[RunArn]:
        """Return the runs with a summary that ended last, newest first."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's summary."""
        ...
