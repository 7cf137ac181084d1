"""A thread that does one thing at start and every so often."""

from collections.abc import Callable
from threading import Event, Thread

import structlog

_log = structlog.get_logger()


class Periodic:
    """Calls ``action`` every ``seconds``; a failure is logged under ``name`` and tried again at the next turn."""

    def __init__(self, name: str, action: Callable[[], object], seconds: float) -> None:
        self._name = name
        self._action = action
        self._seconds = seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

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
                self._action()
            except Exception:  # noqa: BLE001 - the next turn tries again
                _log.exception("periodic failed", name=self._name)
            if self._stopping.wait(self._seconds):
                return
