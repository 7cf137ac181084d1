"""Expectations: which values of a setting meet a requirement."""

from dataclasses import dataclass
from typing import Final, Protocol

from openinspector.model.tailoring import Tailoring, Variable

_MAX_DIGITS: Final = 20

Limit = int | Variable
"""A number, or a variable whose value is one."""


class Expectation(Protocol):
    """The values that meet a requirement."""

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if ``value``, as the host writes it, meets the requirement."""
        ...

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the requirement as it continues ``<setting> is``: ``0``, ``at most 365``."""
        ...

    def example(self, tailoring: Tailoring) -> str:
        """Return a value that meets the requirement, as it is written."""
        ...


@dataclass(frozen=True, slots=True)
class Equals:
    """One of some values; letters compare without regard to case."""

    values: tuple[str, ...]

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if ``value`` is one of the values."""
        del tailoring
        return value.strip().lower() in {each.lower() for each in self.values}

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the values."""
        del tailoring
        return " or ".join(self.values)

    def example(self, tailoring: Tailoring) -> str:
        """Return the first value."""
        del tailoring
        return self.values[0]


@dataclass(frozen=True, slots=True)
class AtMost:
    """A number from ``low`` to a limit."""

    limit: Limit
    low: int = 0

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if ``value`` is a number in the range."""
        found = number(value)
        return found is not None and self.low <= found <= _limit(self.limit, tailoring)

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the range."""
        limit = _limit(self.limit, tailoring)
        return f"{self.low} to {limit}" if self.low else f"at most {limit}"

    def example(self, tailoring: Tailoring) -> str:
        """Return the limit."""
        return str(_limit(self.limit, tailoring))


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number not below a limit."""

    limit: Limit

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if ``value`` is a number that reaches the limit."""
        found = number(value)
        return found is not None and found >= _limit(self.limit, tailoring)

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the limit."""
        return f"at least {_limit(self.limit, tailoring)}"

    def example(self, tailoring: Tailoring) -> str:
        """Return the limit."""
        return str(_limit(self.limit, tailoring))


@dataclass(frozen=True, slots=True)
class ExcludesAll:
    """A comma-separated list without any of some names."""

    names: frozenset[str]
    described: str
    """The names in two words: ``weak ciphers``."""

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if the list has none of the names."""
        del tailoring
        return self.names.isdisjoint(name.strip().lower() for name in value.split(","))

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the description of the names."""
        del tailoring
        return f"a list without {self.described}"

    def example(self, tailoring: Tailoring) -> str:
        """Return the value that removes the names from sshd's defaults."""
        del tailoring
        return f"-{','.join(sorted(self.names))}"


@dataclass(frozen=True, slots=True)
class Within:
    """A comma-separated list with no other entries than some; letters compare without regard to case."""

    entries: tuple[str, ...]

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if each entry of the list is one of the entries."""
        del tailoring
        found = {entry.strip().lower() for entry in value.split(",")} - {""}
        return found <= {entry.lower() for entry in self.entries}

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the entries."""
        del tailoring
        return f"none but {', '.join(self.entries)}" if self.entries else "empty"

    def example(self, tailoring: Tailoring) -> str:
        """Return the whole list."""
        del tailoring
        return ", ".join(self.entries) or "an empty list"


@dataclass(frozen=True, slots=True)
class Present:
    """Any value but those that mean nothing."""

    nothing: tuple[str, ...] = ()
    """Values that mean that it is not set: ``none``."""

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if there is a value."""
        del tailoring
        return bool(value.strip()) and value.strip().lower() not in self.nothing

    def wanted(self, tailoring: Tailoring) -> str:
        """Return that it must be set."""
        del tailoring
        return "set"

    def example(self, tailoring: Tailoring) -> str:
        """Return a placeholder."""
        del tailoring
        return "VALUE"


def _limit(limit: Limit, tailoring: Tailoring) -> int:
    return limit if isinstance(limit, int) else int(tailoring.value(limit))


def number(value: str) -> int | None:
    """Return the whole number that a text is; None for other texts and for numbers too long for a setting."""
    text = value.strip()
    try:
        return int(text) if len(text) <= _MAX_DIGITS else None
    except ValueError:
        return None
