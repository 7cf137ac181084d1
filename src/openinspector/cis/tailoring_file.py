"""A site's changes to a benchmark as a file: variables, controls switched off, and waivers.

In TOML::

    [variables]
    password_max_age_days = 90

    [[switched_off]]
    control = "1.1.1.1"
    reason = "Our appliances boot from cramfs."

    [[waiver]]
    control = "5.1.20"
    reason = "The old backup logs in as root."
    owner = "ops@example.org"
    expires = 2027-03-31
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from openinspector.cis.benchmark import Benchmark
from openinspector.cis.catalogue import VARIABLES
from openinspector.cis.check import AS_PUBLISHED, Tailoring
from openinspector.model.errors import ModelError

_SECTIONS: Final = frozenset({"variables", "switched_off", "waiver"})
_NUMBERS: Final = {variable.name: variable for variable in VARIABLES}


class TailoringError(ModelError):
    """A tailoring file that cannot be applied: it says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaivedControl:
    """A failed control that its owner accepts until a day."""

    control: str
    reason: str
    owner: str
    expires: date
    """The last day on which it holds."""

    def is_valid(self, today: date) -> bool:
        """Return True until the end of its last day."""
        return today <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTailoring:
    """A site's changes to a benchmark."""

    variables: Tailoring = AS_PUBLISHED
    switched_off: Mapping[str, str]
    """Reasons by the number of the control."""
    waivers: Mapping[str, WaivedControl]
    """By the number of the control."""


UNCHANGED: Final = SiteTailoring(switched_off={}, waivers={})
"""The benchmark as it is published."""


def parse(content: Mapping[str, object], benchmark: Benchmark) -> SiteTailoring:
    """Return the tailoring that a parsed TOML file describes. Raises TailoringError."""
    unknown = sorted(content.keys() - _SECTIONS)
    if unknown:
        raise TailoringError(f"unknown section {unknown[0]!r}; there are {', '.join(sorted(_SECTIONS))}")
    numbers = {control.number for control in benchmark.controls}
    off = [_entry("switched_off", entry, numbers) for entry in _entries(content, "switched_off")]
    waivers = [_waiver(entry, numbers) for entry in _entries(content, "waiver")]
    _refuse_repetitions([control for control, _ in off] + [waiver.control for waiver in waivers])
    return SiteTailoring(
        variables=Tailoring(values=dict(_variables(content.get("variables", {})))),
        switched_off={control: _text("switched_off", entry, "reason") for control, entry in off},
        waivers={waiver.control: waiver for waiver in waivers},
    )


def _variables(section: object) -> Iterable[tuple[str, str]]:
    if not isinstance(section, dict):
        raise TailoringError("variables is not a table")
    for name, value in section.items():
        if name not in _NUMBERS:
            raise TailoringError(f"unknown variable {name!r}; there are {', '.join(sorted(_NUMBERS))}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise TailoringError(f"variable {name} is not a number from 0")
        yield name, str(value)


def _entries(content: Mapping[str, object], section: str) -> Sequence[object]:
    entries = content.get(section, [])
    if not isinstance(entries, list):
        raise TailoringError(f"{section} is not a list of tables: write [[{section}]]")
    return entries


def _entry(section: str, entry: object, numbers: Iterable[str]) -> tuple[str, Mapping[str, object]]:
    if not isinstance(entry, dict):
        raise TailoringError(f"an entry of {section} is not a table")
    control = _text(section, entry, "control")
    if control not in numbers:
        raise TailoringError(f"{section}: the benchmark has no control {control!r}")
    return control, entry


def _waiver(entry: object, numbers: Iterable[str]) -> WaivedControl:
    control, table = _entry("waiver", entry, numbers)
    expires = table.get("expires")
    if type(expires) is not date:
        raise TailoringError(f"waiver of {control}: expires is not a day such as 2027-03-31")
    return WaivedControl(
        control=control, reason=_text("waiver", table, "reason"), owner=_text("waiver", table, "owner"), expires=expires
    )


def _text(section: str, table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TailoringError(f"{section}: {key} is missing or empty")
    return value


def _refuse_repetitions(controls: Sequence[str]) -> None:
    repeated = next((control for control in controls if controls.count(control) > 1), None)
    if repeated is not None:
        raise TailoringError(f"control {repeated} is switched off or waived twice")
