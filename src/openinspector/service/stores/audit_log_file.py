"""The audit log in a folder: files such as ``2026-11-25.jsonl``, one line per call, readable by their owner only."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from openinspector.model.errors import StoreError

_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.jsonl", re.ASCII)


class FileAuditLog:
    """One file per day. Thread-safe; a line is one write, so that processes may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._day: date | None = None
        self._descriptor = -1

    def append(self, at: datetime, line: bytes) -> None:
        """Append one line, without line end, to the day of ``at`` (UTC); StoreError."""
        with self._lock:
            try:
                self._open(at.astimezone(UTC).date())
                written = os.write(self._descriptor, line + b"\n")
            except OSError as error:
                raise self._error(error) from error
        if written != len(line) + 1:
            raise StoreError(f"a line of the audit log in {self._folder} was cut off: is the disk full?")

    def forget(self, before: datetime) -> int:
        """Delete the days that ended before a time; return the number deleted. StoreError."""
        first_kept = before.astimezone(UTC).date().isoformat()
        try:
            days = [(path, _NAME.fullmatch(path.name)) for path in self._folder.glob("*.jsonl")]
            old = [path for path, named in days if named is not None and named[1] < first_kept]
            for path in old:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self._error(error) from error
        return len(old)

    def _open(self, day: date) -> None:
        if day == self._day:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        opened = os.open(self._folder / f"{day.isoformat()}.jsonl", flags, 0o600)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._day, self._descriptor = day, opened

    def _error(self, error: OSError) -> StoreError:
        return StoreError(
            f"the audit log in {self._folder} cannot be used: {error.strerror}",
            advice="Is the disk full, or does the folder belong to another user?",
        )
