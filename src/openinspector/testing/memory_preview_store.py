"""The preview store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionPreview
from openinspector.service.ports.preview_store import ExclusionsPreview, PreviewInProgressError


class MemoryPreviewStore:
    """Keeps everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._previews: dict[str, ExclusionsPreview] = {}

    def begin(self, preview: ExclusionsPreview) -> None:
        """Add a preview in progress; PreviewInProgressError where its template has one."""
        with self._lock:
            if preview.token in self._previews:
                raise StoreError(f"there is a preview {preview.token} already")
            kept = (held for held in self._previews.values() if held.template_arn == preview.template_arn)
            if any(held.exclusions is None for held in kept):
                raise PreviewInProgressError(f"a preview of {preview.template_arn} is being made")
            self._previews[preview.token] = preview

    def complete(self, token: str, exclusions: Sequence[ExclusionPreview]) -> None:
        """Add what was found out; nothing where the preview is gone or complete."""
        with self._lock:
            held = self._previews.get(token)
            if held is not None and held.exclusions is None:
                self._previews[token] = replace(held, exclusions=tuple(exclusions))

    def get(self, token: str) -> ExclusionsPreview | None:
        """Return a preview, or None."""
        with self._lock:
            return self._previews.get(token)

    def forget(self, before: datetime) -> int:
        """Delete previews, in progress or not, that were begun before a time; says how many."""
        with self._lock:
            old = [token for token, held in self._previews.items() if held.created_at < before]
            for token in old:
                del self._previews[token]
            return len(old)
