"""How exposed the code of an installed package is on its host."""

from enum import StrEnum
from typing import Final


class Exposure(StrEnum):
    """How a package's code is in use, the most exposed first."""

    LISTENING_AS_ROOT = "LISTENING_AS_ROOT"
    """A process of root that listens on an address other than loopback."""
    LISTENING = "LISTENING"
    RUNNING_KERNEL = "RUNNING_KERNEL"
    RUNNING_AS_ROOT = "RUNNING_AS_ROOT"
    RUNNING = "RUNNING"
    INSTALLED = "INSTALLED"
    """No process is known to run it, or processes were not collected."""


EXPOSURE_ORDER: Final = tuple(Exposure)
