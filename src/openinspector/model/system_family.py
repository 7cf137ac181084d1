"""Families of operating systems that an agent runs on."""

from enum import StrEnum

from openinspector.model.windows import WINDOWS


class SystemFamily(StrEnum):
    """A family of operating systems. Sensors name the families they can read."""

    LINUX = "linux"
    WINDOWS = "windows"


def system_family(system_id: str) -> SystemFamily:
    """Return the family of a system by its os-release ``ID``, the part of ``debian:12`` before the colon."""
    return SystemFamily.WINDOWS if system_id == WINDOWS else SystemFamily.LINUX
