"""Every wrapped data key that an installation stores, wherever it is: to wrap them again under another master key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class KeyOwner(StrEnum):
    """Kind of owner of a wrapped data key."""

    RUN = "run"
    REPORT = "report"
    ACCESS_KEY = "access-key"
    WEBHOOK = "webhook"
    SECRET = "secret"  # noqa: S105 - a kind of owner


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKey:
    """Stored bytes that hold a wrapped data key: the key itself (runs, reports), or a sealed secret (the others)."""

    owner: KeyOwner
    id: str
    """Unique among the keys of one kind of owner; the order of pages."""
    run_arn: str = ""
    """Run of a report; empty for other owners."""
    content: bytes = field(repr=False)


class WrappedKeyStore(Protocol):
    """Reads and replaces wrapped data keys."""

    def page(self, owner: KeyOwner, after: str, limit: int) -> Sequence[KeptKey]:
        """Return at most ``limit`` keys with ids greater than ``after``, in order. Shredded keys are not kept."""
        ...

    def replace(self, key: KeptKey, content: bytes) -> bool:
        """Replace the content; return False, without effect, if it has changed or was deleted since it was read."""
        ...
