"""Time and identifiers."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

NewId = Callable[[], str]
"""Returns a fresh random resource id: ``0-`` and 8 characters of [0-9A-Za-z]."""


class Clock(Protocol):
    """The time now, in UTC."""

    def now(self) -> datetime:
        """Return the time with time zone UTC."""
        ...
