"""Families of operating systems that an agent runs on."""

from enum import StrEnum
from typing import Final

from openinspector.model.windows import WINDOWS


class SystemFamily(StrEnum):
    """A family of operating systems. Sensors name the families they can read."""

    LINUX = "linux"
    WINDOWS = "windows"
    OTHER = "other"
    """Unix systems that are not Linux. Some have an os-release file too."""


_OTHER: Final = frozenset(
    {"darwin", "dragonfly", "freebsd", "illumos", "netbsd", "omnios", "openbsd", "openindiana", "smartos", "solaris"}
)


def system_family(system_id: str) -> SystemFamily:
    """Return the family of a system by its os-release ``ID``, the part of ``debian:12`` before the colon."""
    if system_id == WINDOWS:
        return SystemFamily.WINDOWS
    return SystemFamily.OTHER if system_id in _OTHER else SystemFamily.LINUX
