"""Writes the agent's log to the Windows event log: one event for each line (F1.52)."""

from types import MappingProxyType
from typing import Final, Protocol

MAX_EVENT: Final = 31_000
"""Characters; ReportEvent accepts 31,839 in one string."""
_LEVEL: Final = 1
"""Position of the level among the words of a line of `openinspector.agent.operation.log`; the time is the first."""


class EventLogModule(Protocol):
    """The part of pywin32's ``servicemanager`` that is used."""

    def LogInfoMsg(self, msg: str, /) -> None:  # noqa: N802 - pywin32's name
        """Log that something happened."""
        ...

    def LogWarningMsg(self, msg: str, /) -> None:  # noqa: N802 - pywin32's name
        """Log something that an operator should look at."""
        ...

    def LogErrorMsg(self, msg: str, /) -> None:  # noqa: N802 - pywin32's name
        """Log something that prevents the service from working."""
        ...


class EventLog:
    """Writes to the event log; a line-based stream for `Log`."""

    def __init__(self, module: EventLogModule) -> None:
        self._write = MappingProxyType(
            {"error": module.LogErrorMsg, "warning": module.LogWarningMsg, "info": module.LogInfoMsg}
        )

    def tell(self, level: str, sentence: str) -> None:
        """Log one sentence; ``level`` is ``info``, ``warning`` or ``error``."""
        self._write.get(level, self._write["info"])(sentence[:MAX_EVENT])

    def flush(self) -> None:
        """Do nothing: every event is written at once."""

    def write(self, text: str, /) -> int:
        """Log the lines of ``text``, each with the level it names."""
        for line in text.splitlines():
            words = line.split(" ", _LEVEL + 1)
            self.tell(words[_LEVEL] if len(words) > _LEVEL else "info", line)
        return len(text)
