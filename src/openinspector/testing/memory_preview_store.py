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

    def begin(self, preview: ExclusionsPreview, hung_before: datetime) -> None:
        """Add a preview in progress; PreviewInProgressError where its template has one that does not hang."""
        with self._lock:
            if preview.token in self._previews:
                raise StoreError(f"there is a preview {preview.token} already")
            kept = [held for held in self._previews.values() if held.template_arn == preview.template_arn]
            for held in kept:
                if held.exclusions is None and held.created_at >= hung_before:
                    raise PreviewInProgressError(f"a preview of {preview.template_arn} is being made")
                if held.exclusions is None:
                    del self._previews[held.token]
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

    def delete(self, token: str) -> None:
        """Delete a preview; nothing where it is not there."""
        with self._lock:
            self._previews.pop(token, None)

    def forget(self, before: datetime) -> int:
        """Delete previews, in progress or not, that were begun before a time; says how many."""
        with self._lock:
            old = [token for token, held in self._previews.items() if held.created_at < before]
            for token in old:
                del self._previews[token]
            return len(old)
