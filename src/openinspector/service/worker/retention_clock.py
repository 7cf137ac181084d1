"""A thread that applies retention at start and every hour."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

import structlog

_EVERY_SECONDS: Final = 3600.0
_log = structlog.get_logger()


class RetentionClock:
    """Calls ``apply`` now and then; a failure is logged and tried again at the next turn."""

    def __init__(self, apply: Callable[[], None], seconds: float = _EVERY_SECONDS) -> None:
        self._apply = apply
        self._seconds = seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the turn that is under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._apply()
            except Exception:  # noqa: BLE001 - the next turn tries again
                _log.exception("retention failed")
            if self._stopping.wait(self._seconds):
                return
