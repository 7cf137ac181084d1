"""Settings in the configuration files that a host sent: the value in force, with the file and line that set it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

SENSOR: Final = "configuration_files"
_ASSIGNMENT: Final = re.compile(r"([^\s=]+)\s*=\s*(.*)")
_WORDS: Final = re.compile(r"(\S+)(?:\s+(.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredValue:
    """A value and where it is set."""

    key: str
    value: str
    source: str
    """``path:line``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line and where it is."""

    text: str
    source: str


def assignments(found: Iterable[Line]) -> Iterator[ConfiguredValue]:
    """Yield the lines of the form ``key = value``, quotes around the value removed."""
    for line in found:
        match = _ASSIGNMENT.fullmatch(line.text)
        if match:
            yield ConfiguredValue(key=match[1], value=match[2].strip().strip("\"'"), source=line.source)


def words(found: Iterable[Line]) -> Iterator[ConfiguredValue]:
    """Yield the lines of the form ``key value``."""
    for line in found:
        match = _WORDS.fullmatch(line.text)
        if match:
            yield ConfiguredValue(key=match[1], value=(match[2] or "").strip(), source=line.source)


def drop_ins(path: str) -> tuple[str, ...]:
    """Return the patterns of a systemd configuration file and its drop-ins, in order of rising precedence.

    systemd(1) reads one main file, from ``/etc`` if it is there, and drop-ins of all folders sorted by file name.
    """
    name = path.rpartition("/")[2]
    return (
        f"/usr/lib/systemd/{name}",
        f"/etc/systemd/{name}",
        f"/usr/lib/systemd/{name}.d/*.conf",
        f"/run/systemd/{name}.d/*.conf",
        f"/etc/systemd/{name}.d/*.conf",
    )


def last(settings: Iterable[ConfiguredValue], key: str) -> ConfiguredValue | None:
    """Return the last setting of ``key``, whose case does not matter; None if it is not set."""
    wanted = key.lower()
    found = None
    for setting in settings:
        if setting.key.lower() == wanted:
            found = setting
    return found


def path_of(source: str) -> str:
    """Return the path of a source ``path:line``: lines move while their settings stay."""
    return source.rpartition(":")[0]
