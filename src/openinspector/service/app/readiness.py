"""Whether this node can serve: asked by load balancers, answered from recent checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import structlog

from openinspector.model.errors import OpenInspectorError

READY: Final = "ready"
DRAINING: Final = "draining"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessCheck:
    """A dependency of a node. ``ask`` raises OpenInspectorError if the node cannot use it."""

    name: str
    ask: Callable[[], object]
    every_seconds: float
    """How long an answer is used before ``ask`` is called again."""


@dataclass(slots=True)
class _Answer:
    asked_at: float
    is_good: bool


class Readiness:
    """Answers in one word: ``ready``, ``draining``, or the first thing that is missing. Thread-safe."""

    def __init__(self, checks: Sequence[ReadinessCheck], monotonic: Callable[[], float]) -> None:
        self._checks = tuple(checks)
        self._monotonic = monotonic
        self._answers: dict[str, _Answer] = {}
        self._lock = Lock()
        self._draining = False

    def drain(self) -> None:
        """Answer ``draining`` from now on: balancers send no new connections to this node."""
        self._draining = True

    def state(self) -> str:
        """Return the state in one word."""
        if self._draining:
            return DRAINING
        with self._lock:
            return next((check.name for check in self._checks if not self._is_good(check)), READY)

    def _is_good(self, check: ReadinessCheck) -> bool:
        now = self._monotonic()
        known = self._answers.get(check.name)
        if known is not None and now - known.asked_at < check.every_seconds:
            return known.is_good
        try:
            check.ask()
            is_good = True
        except OpenInspectorError as error:
            is_good = False
            _log.warning("node not ready", missing=check.name, reason=str(error))
        self._answers[check.name] = _Answer(now, is_good)
        return is_good
