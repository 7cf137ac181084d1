"""Serves each subscriber with due notifications in a separate thread.

A subscriber that hangs occupies one thread until its request times out, and is paused for longer after each failure.
Pauses are kept in memory: after a restart every subscriber is served at once. One node at a time serves a subscriber:
it holds the subscriber's lock meanwhile.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import structlog

from openinspector.service.ports.clock import Clock
from openinspector.service.ports.node_locks import NodeLocks
from openinspector.service.ports.notification_store import NotificationStore, Subscriber

THREADS: Final = 16
_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 16
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    failures: int
    until: datetime


class Dispatch:
    """Starts a thread for every subscriber with due notifications, unless it has one or is paused."""

    def __init__(
        self,
        notifications: NotificationStore,
        locks: NodeLocks,
        deliver: Callable[[Subscriber], bool],
        clock: Clock,
    ) -> None:
        self._notifications = notifications
        self._locks = locks
        self._deliver = deliver
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="courier")
        self._lock = Lock()
        self._busy: dict[Subscriber, Future[None]] = {}
        self._pauses: dict[Subscriber, _Pause] = {}

    def turn(self) -> None:
        """Start serving the subscribers that are due; do not wait for any of them."""
        now = self._clock.now()
        due = self._notifications.subscribers_due(now)
        with self._lock:
            self._pauses = {one: pause for one, pause in self._pauses.items() if one in due or pause.until > now}
            for subscriber in due:
                pause = self._pauses.get(subscriber)
                if subscriber in self._busy or (pause is not None and pause.until > now):
                    continue
                if len(self._busy) >= THREADS:
                    return
                self._busy[subscriber] = self._threads.submit(self._serve, subscriber)

    def stop(self) -> None:
        """Start no more threads. Threads that run end by themselves, or with the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _serve(self, subscriber: Subscriber) -> None:
        succeeded = False
        try:
            with self._locks.hold(f"subscriber {subscriber}") as held:
                # While another node serves the subscriber, it is not paused.
                succeeded = self._deliver(subscriber) if held else True
        except Exception:  # noqa: BLE001 - the other subscribers go on, and this one is retried
            _log.exception("dispatch failed", subscriber=subscriber)
        with self._lock:
            del self._busy[subscriber]
            if succeeded:
                self._pauses.pop(subscriber, None)
                return
            failures = self._pauses[subscriber].failures + 1 if subscriber in self._pauses else 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(failures - 1, _DOUBLINGS)))
            self._pauses[subscriber] = _Pause(failures=failures, until=self._clock.now() + pause)
