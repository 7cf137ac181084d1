"""The texts that a template renders, and what templates share."""

from types import MappingProxyType
from typing import Final, NamedTuple

from openinspector.model.evidence import Evidence
from openinspector.model.inventory import PackageManager

UPDATE: Final = MappingProxyType(
    {
        PackageManager.DPKG: "apt-get update && apt-get install --only-upgrade",
        PackageManager.RPM: "dnf upgrade",
        PackageManager.APK: "apk upgrade",
        PackageManager.PACMAN: "pacman -Syu",
    }
)
"""Command of each distribution's package manager that updates the packages named after it."""


class Texts(NamedTuple):
    """Texts of a finding before they are made printable and fitted to the API's bounds."""

    title: str
    description: str
    recommendation: str
    evidence: Evidence | None


def plural(count: int, one: str, many: str) -> str:
    """Return a number with its noun: ``1 vulnerability``, ``2,017 vulnerabilities``."""
    return f"{count:,} {one if count == 1 else many}"
