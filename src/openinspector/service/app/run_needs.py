"""Needs of a run: those of its rules packages, derived from what their rules declare to read (ADR 70)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from openinspector.engine.rule import Rule
from openinspector.engine.subject import Need, needs_of
from openinspector.model.arn import RulesPackageArn

_UNKNOWN = frozenset({Need.TELEMETRY})
"""Needs of a package that this installation does not offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNeeds:
    """The needs of rules packages."""

    by_package: Mapping[RulesPackageArn, frozenset[Need]] = field(default_factory=dict)

    def of(self, packages: Iterable[RulesPackageArn]) -> frozenset[Need]:
        """Return everything that a run with ``packages`` needs."""
        return frozenset[Need]().union(*(self.by_package.get(arn, _UNKNOWN) for arn in packages))


def needs_by_package(rules: Mapping[RulesPackageArn, Sequence[Rule]]) -> RunNeeds:
    """Return the needs of each package of ``rules``."""
    return RunNeeds(by_package={arn: needs_of(found) for arn, found in rules.items()})
