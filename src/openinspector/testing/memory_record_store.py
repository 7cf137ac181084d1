"""The record stores' simulator: the whole port, in memory."""

import threading
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from openinspector.model.arn import TargetArn, TemplateArn
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.record_store import RecordExistsError, RecordLimitError
from openinspector.testing.memory_page import page_of


class ListedRecord(Protocol):
    """The fields that a list of records reads."""

    @property
    def arn(self) -> str:
        """The ARN, which is the key."""
        ...

    @property
    def template_arn(self) -> TemplateArn:
        """The template that the record belongs to."""
        ...

    @property
    def created_at(self) -> datetime:
        """The time of creation."""
        ...


K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=ListedRecord)


class MemoryRecordStore(Generic[K, R]):
    """Stores everything in a dictionary; each method is atomic."""

    def __init__(self, version: Callable[[R], object]) -> None:
        """``version`` returns the part of a record that `replace` compares."""
        self._lock = threading.RLock()
        self._version = version
        self._records: dict[str, R] = {}

    def add(self, record: R, most: int | None = None) -> None:
        """Add a record; RecordExistsError, RecordLimitError."""
        with self._lock:
            if record.arn in self._records:
                raise RecordExistsError(f"{record.arn} exists already")
            if most is not None and len(self.of_templates([record.template_arn])) >= most:
                raise RecordLimitError(f"{record.template_arn} has {most} records, the maximum")
            self._records[record.arn] = record

    def get(self, key: K) -> R | None:
        """Return a record, or None."""
        with self._lock:
            return self._records.get(str(key))

    def replace(self, held: R, changed: R) -> bool:
        """Replace a record unless it changed since it was read as ``held``; return True if replaced."""
        with self._lock:
            now = self._records.get(held.arn)
            if now is None or self._version(now) != self._version(held):
                return False
            self._records[held.arn] = changed
            return True

    def delete(self, key: K) -> bool:
        """Delete a record; return True if it existed."""
        with self._lock:
            return self._records.pop(str(key), None) is not None

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the records of a template, or of a target's templates; return the number deleted."""
        with self._lock:
            below = [arn for arn in self._records if arn.startswith(f"{parent}/")]
            for arn in below:
                del self._records[arn]
            return len(below)

    def count(self) -> int:
        """Return the number of records."""
        with self._lock:
            return len(self._records)

    def of_templates(self, templates: Sequence[TemplateArn]) -> Sequence[R]:
        """Return the records of some templates, by template and key."""
        with self._lock:
            found = [one for one in self._records.values() if one.template_arn in templates]
        return sorted(found, key=lambda one: (one.template_arn, one.arn))

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has records, sorted."""
        with self._lock:
            return sorted({one.template_arn for one in self._records.values()})

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[R]:
        """Return one page of the records of a template, or of all, by time of creation and ARN."""
        with self._lock:
            found = [one for one in self._records.values() if template in (None, one.template_arn)]
        return page_of(found, lambda one: (one.created_at, one.arn), page)
