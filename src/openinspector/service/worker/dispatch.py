"""Which subscribers are told something now, each in a thread of its own.

A subscriber that hangs holds one thread until its time is up, and rests longer after each failure; the others have the
rest of the threads. Rests are kept in memory: after a restart everybody is tried at once, as nothing is known of them.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import structlog

from openinspector.service.ports.clock import Clock
from openinspector.service.ports.notification_store import NotificationStore, Subscriber

THREADS: Final = 16
_FIRST_REST: Final = timedelta(seconds=1)
_LONGEST_REST: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 16
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    failures: int
    until: datetime


class Dispatch:
    """Gives every subscriber that is due to a thread, unless it is in one or rests."""

    def __init__(self, notifications: NotificationStore, tell: Callable[[Subscriber], bool], clock: Clock) -> None:
        self._notifications = notifications
        self._tell = tell
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="courier")
        self._lock = Lock()
        self._busy: dict[Subscriber, Future[None]] = {}
        self._rests: dict[Subscriber, _Rest] = {}

    def turn(self) -> None:
        """Begin to tell whoever is due and free; waits for nobody."""
        now = self._clock.now()
        due = self._notifications.subscribers_due(now)
        with self._lock:
            self._rests = {one: rest for one, rest in self._rests.items() if one in due or rest.until > now}
            for subscriber in due:
                rest = self._rests.get(subscriber)
                if subscriber in self._busy or (rest is not None and rest.until > now):
                    continue
                if len(self._busy) >= THREADS:
                    return
                self._busy[subscriber] = self._threads.submit(self._serve, subscriber)

    def stop(self) -> None:
        """Begin nothing more; what is under way ends by itself, or with the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _serve(self, subscriber: Subscriber) -> None:
        went_well = False
        try:
            went_well = self._tell(subscriber)
        except Exception:  # noqa: BLE001 - whatever it was, the others go on and this one is tried again
            _log.exception("dispatch failed", subscriber=subscriber)
        with self._lock:
            del self._busy[subscriber]
            if went_well:
                self._rests.pop(subscriber, None)
                return
            failures = self._rests[subscriber].failures + 1 if subscriber in self._rests else 1
            rest = min(_LONGEST_REST, _FIRST_REST * (1 << min(failures - 1, _DOUBLINGS)))
            self._rests[subscriber] = _Rest(failures=failures, until=self._clock.now() + rest)
