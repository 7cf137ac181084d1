"""Changes that nodes tell each other: every node reads them, so that none asks about the whole fleet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ChangeKind(StrEnum):
    """Kinds of changes."""

    AGENT_KEY = "agent-key"
    """An agent was revoked or released, or has another key; the subject is its id."""
    REATTESTATION = "reattestation"
    """An agent must attest again, or has done so; the subject is its id."""
    RUN_ENDED = "run-ended"
    """The subject is the run's ARN."""
    RUN_SHREDDED = "run-shredded"
    """The data key of a run was destroyed; the subject is the run's ARN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change, recorded in the transaction that made it."""

    seq: int
    """Ascending in the order of commits."""
    kind: ChangeKind
    subject: str


class ChangeStore(Protocol):
    """Reads the changes. The other stores write them."""

    def last(self) -> int:
        """Return the number of the last change; 0 if there is none. StoreError."""
        ...

    def since(self, seq: int) -> Sequence[Change]:
        """Return the changes after number ``seq``, in order. StoreError."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds`` for a new change; True if there may be one. StoreError."""
        ...

    def forget_before(self, moment: datetime) -> None:
        """Delete changes recorded before ``moment``, by the database's clock. StoreError."""
        ...
