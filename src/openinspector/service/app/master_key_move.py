"""Moves everything that the key provider wrapped to its current master key: after a rotation, or a move to KMS.

Nodes may run meanwhile: data keys and secrets stay the same, only what wraps them changes. The move may be killed and
repeated: keys that have moved are not written again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError
from openinspector.service.app import sealed_secret
from openinspector.service.app.report_vault import report_key_context
from openinspector.service.app.run_keys import run_key_context
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.wrapped_key_store import StoredWrapping, WrappedKeyStore, WrappedKind

PAGE: Final = 500
FAILURES_IN_A_ROW: Final = 10
"""After so many, the key provider is at fault, not a key: the move stops."""


class MasterKeyMoveError(StoreError):
    """Many keys in a row could not be moved: the key provider does not answer, or is the wrong one."""


@dataclass(slots=True, kw_only=True)
class MovedKeys:
    """The result for the keys of one kind."""

    moved: int = 0
    current: int = 0
    """Keys that were under the current master key."""
    gone: int = 0
    """Keys that were deleted or replaced meanwhile."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why keys could not be moved, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeyMove:
    """Moves wrapped keys to the current master key of ``provider``."""

    store: WrappedKeyStore
    provider: KeyProvider
    account: str

    def run(self, progress: Callable[[int], None]) -> Mapping[WrappedKind, MovedKeys]:
        """Move all keys and return what happened; ``progress`` gets the number of keys of each step.

        Keys that cannot be moved are listed in the result. Raises MasterKeyMoveError if that is true of many in a row.
        """
        return {kind: self._move_kind(kind, progress) for kind in WrappedKind}

    def count(self) -> int:
        """Return the number of wrapped keys."""
        return sum(self.store.count(kind) for kind in WrappedKind)

    def _move_kind(self, kind: WrappedKind, progress: Callable[[int], None]) -> MovedKeys:
        result = MovedKeys()
        last = ""
        in_a_row = 0
        while page := self.store.after(kind, last, PAGE):
            for held in page:
                in_a_row = 0 if self._move(kind, held, result) else in_a_row + 1
                if in_a_row == FAILURES_IN_A_ROW:
                    raise MasterKeyMoveError(
                        f"{in_a_row} keys in a row could not be moved, the last because {result.failed[held.id]}",
                        advice="Mend the cause and repeat the command: keys that have moved stay moved.",
                    )
            last = page[-1].id
            progress(len(page))
        return result

    def _move(self, kind: WrappedKind, held: StoredWrapping, result: MovedKeys) -> bool:
        """Move one key and count it; return False if it could not be moved."""
        try:
            content = self._rewrapped(kind, held)
        except StoreError as error:
            result.failed[held.id] = str(error)
            return False
        if content is None:
            result.current += 1
        elif self.store.replace(kind, held, content):
            result.moved += 1
        else:
            result.gone += 1
        return True

    def _rewrapped(self, kind: WrappedKind, held: StoredWrapping) -> bytes | None:
        match kind:
            case WrappedKind.RUN:
                return self.provider.rewrap(held.content, run_key_context(self.account, RunArn(held.id)))
            case WrappedKind.REPORT:
                return self.provider.rewrap(
                    held.content, report_key_context(self.account, RunArn(held.run_arn), held.id)
                )
            case WrappedKind.ACCESS_KEY | WrappedKind.WEBHOOK | WrappedKind.SHARED:
                return sealed_secret.rewrap(kind, held.id, held.content, self.provider)
            case _:
                assert_never(kind)
