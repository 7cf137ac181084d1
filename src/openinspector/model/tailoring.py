"""Tailoring: a site's choices for benchmarks: values of variables, and controls that are switched off."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from openinspector.model.arn import TemplateArn

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A parameter that an administrator may tailor for a template."""

    name: str
    default: str
    """As it is written in configuration files and in a tailoring file."""
    description: str
    choices: tuple[str, ...] = ()
    """The values that it may have; empty for a whole number."""

    def accepts(self, value: str) -> bool:
        """Return True if the variable may have a value."""
        return value in self.choices if self.choices else value.isascii() and value.isdigit() and len(value) < 10  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class Tailoring:
    """A site's choices."""

    variables: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Values by the variable's name; variables that are absent keep the benchmark's value."""
    switched_off: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Reasons by control: ``debian_12/1.1.1.1``."""

    def value(self, variable: Variable) -> str:
        """Return the value that is in force for a variable."""
        return self.variables.get(variable.name, variable.default)


AS_PUBLISHED: Final = Tailoring()
"""Every variable at the benchmark's own value, every control on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTailoring:
    """The tailoring of a template."""

    template_arn: TemplateArn
    changed_at: datetime
    tailoring: Tailoring
