"""The agent's log: one line per event on standard error, which the init system keeps, or in a file.

The standard library's logging costs half a megabyte on every host and is not needed for this.
"""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from openinspector.agent.settings.setting_value import LOG_LEVELS
from openinspector.model.foreign_text import printable_line

_MAX_VALUE: Final = 500
_PRIORITIES: Final = MappingProxyType({"debug": 7, "info": 6, "warning": 4, "error": 3})


class LogStream(Protocol):
    """The destination of lines: standard error, or a LogFile. Both methods may raise OSError."""

    def write(self, text: str, /) -> object:
        """Write complete lines."""
        ...

    def flush(self) -> object:
        """Write buffered lines."""
        ...


class Log:
    """Writes ``<time> <level> <event> key=value …`` for events of at least ``level``, and counts lost lines.

    ``prioritised`` puts the ``<N>`` of sd-daemon(3) before each line, for the journal.
    """

    def __init__(
        self, stream: LogStream, level: str, now: Callable[[], datetime], *, prioritised: bool = False
    ) -> None:
        self._stream = stream
        self._from = LOG_LEVELS.index(level)
        self._now = now
        self._prioritised = prioritised
        self._dropped = 0

    def debug(self, event: str, **fields: object) -> None:
        """Log a detail."""
        self._write("debug", event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Log an event of interest to an operator."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Log something that an operator should look at."""
        self._write("warning", event, fields)

    def alarm(self, event: str, **fields: object) -> None:
        """Log something that prevents the agent from working."""
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, object]) -> None:
        if LOG_LEVELS.index(level) < self._from:
            return
        details = "".join(f" {key}={_value(value)}" for key, value in fields.items())
        lines = self._line(level, f"{event}{details}")
        if self._dropped:
            lines = self._line("warning", f"log dropped lines={self._dropped}") + lines
        try:
            self._stream.write(lines)
            self._stream.flush()
        except (OSError, ValueError):
            # The reader is gone or the disk is full; the agent continues without its log.
            self._dropped += 1
        else:
            self._dropped = 0

    def _line(self, level: str, text: str) -> str:
        priority = f"<{_PRIORITIES[level]}>" if self._prioritised else ""
        return f"{priority}{self._now():%Y-%m-%dT%H:%M:%SZ} {level} {text}\n"


def _value(value: object) -> str:
    text = printable_line(str(value)[:_MAX_VALUE])
    return f'"{text}"' if " " in text or not text else text
