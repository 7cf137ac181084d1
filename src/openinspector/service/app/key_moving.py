"""Wraps every data key of the installation again, under the master key that new keys get.

Nodes may run meanwhile: each key is replaced in one statement, and only if it is what was read, so a key that is
shredded at the same time stays shredded. Interrupted, it is started again: keys that were moved are passed over.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, assert_never

from openinspector.service.app.sealed_secret import replace_data_key
from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.ports.wrapped_key_store import KeptKey, KeyOwner, WrappedKeyStore

PAGE: Final = 200


class Moved(StrEnum):
    """Outcome for one key."""

    REWRAPPED = "rewrapped"
    CURRENT = "current"
    """Wrapped under the current master key already."""
    CHANGED = "changed"
    """Shredded, deleted or moved by somebody else meanwhile."""
    FAILED = "failed"
    """No provider of this node opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingProgress:
    """Keys of one kind of owner so far, by outcome, and why the last one failed."""

    owner: KeyOwner
    counts: Counter[Moved]
    failure: str


class KeyMoving:
    """Moves data keys to the current master key."""

    def __init__(self, store: WrappedKeyStore, provider: KeyProvider, account: str) -> None:
        self._store = store
        self._provider = provider
        self._account = account

    def move(self, *, every: bool) -> Iterator[MovingProgress]:
        """Yield the progress after each page and kind of owner; ``every``: also keys that are current. StoreError."""
        for owner in KeyOwner:
            counts: Counter[Moved] = Counter()
            failure, after = "", ""
            while keys := self._store.page(owner, after, PAGE):
                for key in keys:
                    try:
                        counts[self._move(key, every=every)] += 1
                    except KeyProviderError as refused:
                        counts[Moved.FAILED] += 1
                        failure = f"{key.id}: {refused}"
                after = keys[-1].id
                yield MovingProgress(owner=owner, counts=counts.copy(), failure=failure)
            yield MovingProgress(owner=owner, counts=counts.copy(), failure=failure)

    def _move(self, key: KeptKey, *, every: bool) -> Moved:
        wrap = partial(self._rewrapped, context=self._context(key), every=every)
        content = (
            wrap(key.content) if key.owner in (KeyOwner.RUN, KeyOwner.REPORT) else replace_data_key(key.content, wrap)
        )
        if content == key.content:
            return Moved.CURRENT
        return Moved.REWRAPPED if self._store.replace(key, content) else Moved.CHANGED

    def _rewrapped(self, wrapped: bytes, *, context: dict[str, str], every: bool) -> bytes:
        if not every and self._provider.is_current(wrapped):
            return wrapped
        return self._provider.wrap(self._provider.unwrap(wrapped, context), context)

    def _context(self, key: KeptKey) -> dict[str, str]:
        match key.owner:
            case KeyOwner.RUN:
                return {"account": self._account, "run": key.id}
            case KeyOwner.REPORT:
                return {"account": self._account, "run": key.run_arn, "report": key.id}
            case KeyOwner.ACCESS_KEY | KeyOwner.WEBHOOK | KeyOwner.SECRET:
                return {key.owner.value: key.id}
            case _:
                assert_never(key.owner)
