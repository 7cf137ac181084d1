import time
from collections.abc import Sequence

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.ports.change_store import Change, ChangeKind
from openinspector.service.worker.change_watch import STALE_SECONDS, ChangeWatch, StaleChangesError


class ListedChanges:
    """A list of changes that may refuse to be read."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.refuses = False

    def add(self, subject: str) -> None:
        self.changes.append(Change(seq=len(self.changes) + 1, kind=ChangeKind.RUN_ENDED, subject=subject))

    def last(self) -> int:
        return len(self.changes)

    def since(self, seq: int) -> Sequence[Change]:
        if self.refuses:
            raise StoreError("the database is gone")
        return self.changes[seq:]

    def wait(self, seconds: float) -> bool:
        time.sleep(min(seconds, 0.01))
        return True

    def forget_before(self, moment: object) -> None:
        """Forget nothing."""


class Follower:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fails = False

    def __call__(self, changes: Sequence[Change]) -> None:
        if self.fails:
            raise StoreError("not now")
        self.seen.extend(change.subject for change in changes)


def test_every_follower_sees_each_change_once() -> None:
    changes, one, two = ListedChanges(), Follower(), Follower()
    watch = ChangeWatch(changes, (one, two), lambda: 0.0)
    changes.add("a")
    watch.turn()
    changes.add("b")
    watch.turn()
    watch.turn()
    assert one.seen == two.seen == ["a", "b"]


def test_a_follower_that_fails_sees_the_change_again() -> None:
    changes, follower = ListedChanges(), Follower()
    watch = ChangeWatch(changes, (follower,), lambda: 0.0)
    changes.add("a")
    follower.fails = True
    with pytest.raises(StoreError):
        watch.turn()
    follower.fails = False
    watch.turn()
    assert follower.seen == ["a"]


def test_a_node_that_cannot_read_the_changes_is_stale_after_a_while() -> None:
    now = 0.0
    changes = ListedChanges()
    watch = ChangeWatch(changes, (), lambda: now)
    watch.turn()
    changes.refuses = True
    now = STALE_SECONDS
    assert not watch.is_stale()
    now += 1
    assert watch.is_stale()
    with pytest.raises(StaleChangesError):
        watch.check()
    changes.refuses = False
    watch.turn()
    assert not watch.is_stale()


def test_the_thread_begins_with_the_changes_from_now_on() -> None:
    changes, follower = ListedChanges(), Follower()
    changes.add("before")
    watch = ChangeWatch(changes, (follower,), time.monotonic)
    watch.start()
    changes.add("after")
    deadline = time.monotonic() + 10
    while follower.seen != ["after"] and time.monotonic() < deadline:
        time.sleep(0.01)
    watch.stop()
    assert follower.seen == ["after"]
