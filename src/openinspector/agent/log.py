"""The agent's log: one line per event on standard error; the init system keeps and rotates it.

The standard library's logging costs half a megabyte on every host and is not needed for this.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from openinspector.agent.settings import LOG_LEVELS

_MAX_VALUE: Final = 500


class LogStream(Protocol):
    """Where lines go: standard error, or a LogFile. Both methods may raise OSError."""

    def write(self, text: str, /) -> object:
        """Take whole lines."""
        ...

    def flush(self) -> object:
        """Hold nothing back."""
        ...


class Log:
    """Writes ``<time> <level> <event> key=value …`` for events of at least ``level``."""

    def __init__(self, stream: LogStream, level: str, now: Callable[[], datetime]) -> None:
        self._stream = stream
        self._from = LOG_LEVELS.index(level)
        self._now = now

    def debug(self, event: str, **fields: object) -> None:
        """Log a detail."""
        self._write("debug", event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Log what an operator may want to know."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Log what an operator should look at."""
        self._write("warning", event, fields)

    def alarm(self, event: str, **fields: object) -> None:
        """Log what keeps the agent from its work."""
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, object]) -> None:
        if LOG_LEVELS.index(level) < self._from:
            return
        told = "".join(f" {key}={_value(value)}" for key, value in fields.items())
        try:
            self._stream.write(f"{self._now():%Y-%m-%dT%H:%M:%SZ} {level} {event}{told}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more; the agent's work goes on.
            return


def _value(value: object) -> str:
    text = "".join(c if c.isprintable() else " " for c in str(value)[:_MAX_VALUE])
    return f'"{text}"' if " " in text or not text else text
