"""Store of everything that the key provider has wrapped, whatever it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class WrappedKind(StrEnum):
    """Kinds of wrapped data keys, by what they protect."""

    RUN = "run"
    REPORT = "report"
    ACCESS_KEY = "access-key"
    WEBHOOK = "webhook"
    SHARED = "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWrapping:
    """A wrapped data key, or a secret sealed with one, as it is stored."""

    id: str
    """Key of the row: ARN of the run or webhook, id of the report or access key, name of the secret."""
    run_arn: str = ""
    """For a report: its run."""
    content: bytes = field(repr=False)


class WrappedKeyStore(Protocol):
    """Lists wrapped keys and replaces them. Deleted keys are neither listed nor replaced."""

    def count(self, kind: WrappedKind) -> int:
        """Return the number of wrapped keys of one kind."""
        ...

    def after(self, kind: WrappedKind, id_: str, limit: int) -> Sequence[StoredWrapping]:
        """Return up to ``limit`` wrapped keys whose id is above ``id_``, by id. The empty id is below all."""
        ...

    def replace(self, kind: WrappedKind, held: StoredWrapping, content: bytes) -> bool:
        """Replace the content unless it changed or was deleted since it was read as ``held``; True if replaced."""
        ...
