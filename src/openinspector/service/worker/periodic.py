"""A thread that runs an action at start and at regular intervals; actions that one node at a time runs."""

from collections.abc import Callable
from threading import Event, Thread

import structlog

from openinspector.service.ports.node_locks import NodeLocks

_log = structlog.get_logger()


def one_at_a_time(locks: NodeLocks, name: str, action: Callable[[], object]) -> Callable[[], None]:
    """Return an action that runs in one node at a time: it is skipped while another node runs it."""

    def run() -> None:
        with locks.hold(name) as held:
            if held:
                action()

    return run


class Periodic:
    """Calls ``action`` every ``seconds``; logs a failure under ``name`` and retries at the next turn."""

    def __init__(self, name: str, action: Callable[[], object], seconds: float) -> None:
        self._name = name
        self._action = action
        self._seconds = seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current turn."""
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
