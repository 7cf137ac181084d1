"""The texts that a template renders, and what templates share."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, NamedTuple

from openinspector.model.evidence import Evidence
from openinspector.model.finding import Attribute
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
MAX_SAME_KEY: Final = 5
"""Most attributes with the same key; the others are counted."""


class Texts(NamedTuple):
    """Texts of a finding before they are made printable and fitted to the API's bounds."""

    title: str
    description: str
    recommendation: str
    evidence: Evidence | None


def several(key: str, values: Iterable[str], omitted: str) -> tuple[Attribute, ...]:
    """Return one attribute per value; beyond `MAX_SAME_KEY`, one under the key ``omitted`` counts the others."""
    every = [value for value in dict.fromkeys(values) if value]
    shown = tuple(Attribute(key=key, value=value) for value in every[:MAX_SAME_KEY])
    return shown if len(every) <= MAX_SAME_KEY else (*shown, Attribute(key=omitted, value=str(len(every) - len(shown))))


def some(key: str, value: str) -> tuple[Attribute, ...]:
    """Return an attribute unless the value is empty."""
    return (Attribute(key=key, value=value),) if value else ()


def plural(count: int, one: str, many: str) -> str:
    """Return a number with its noun: ``1 vulnerability``, ``2,017 vulnerabilities``."""
    return f"{count:,} {one if count == 1 else many}"
