"""Exclusions previews in SQL. A unique column, empty once a preview is complete, allows one per template."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, delete, select, update

from openinspector.model.exclusion import ExclusionPreview
from openinspector.service.ports.preview_store import ExclusionsPreview, PreviewInProgressError
from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import EXCLUSIONS_PREVIEW as PREVIEW


class SqlPreviewStore:
    """Stores previews."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, preview: ExclusionsPreview, hung_before: datetime) -> None:
        """Add a preview in progress; PreviewInProgressError if its template has one."""
        row = {
            "token": preview.token,
            "template_arn": preview.template_arn,
            "created_at": preview.created_at,
            "in_progress": preview.template_arn,
        }
        hung = delete(PREVIEW).where(PREVIEW.c.in_progress == preview.template_arn, PREVIEW.c.created_at < hung_before)
        with writing(self._engine) as connection:
            connection.execute(hung)
            if not add_new(connection, PREVIEW, ("in_progress",), row):
                raise PreviewInProgressError(f"a preview of {preview.template_arn} is being made")

    def complete(self, token: str, exclusions: Sequence[ExclusionPreview]) -> None:
        """Store the exclusions found; no effect if the preview is deleted or complete."""
        pending = update(PREVIEW).where(PREVIEW.c.token == token, PREVIEW.c.in_progress.is_not(None))
        with writing(self._engine) as connection:
            connection.execute(pending.values(exclusions=tuple(exclusions), in_progress=None))

    def get(self, token: str) -> ExclusionsPreview | None:
        """Return a preview, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(PREVIEW).where(PREVIEW.c.token == token)).one_or_none()
        if row is None:
            return None
        return ExclusionsPreview(
            token=row.token, template_arn=row.template_arn, created_at=row.created_at, exclusions=row.exclusions
        )

    def delete(self, token: str) -> None:
        """Delete a preview; no effect if it does not exist."""
        with writing(self._engine) as connection:
            connection.execute(delete(PREVIEW).where(PREVIEW.c.token == token))

    def forget(self, before: datetime) -> int:
        """Delete previews, in progress or not, that began before a time; return the number deleted."""
        with writing(self._engine) as connection:
            return connection.execute(delete(PREVIEW).where(PREVIEW.c.created_at < before)).rowcount
