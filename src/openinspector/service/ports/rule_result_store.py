"""Where it is kept how every rule came out on every host of a run: the full report lists passes too (F7.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from openinspector.engine.evaluate import OutcomeKind
from openinspector.model.agent import AgentId
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.model.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    """A rule as it was when a run was evaluated."""

    rules_package_arn: RulesPackageArn
    name: str
    title: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTally:
    """How one rule came out: the hosts of each outcome, sorted; an outcome that did not occur has no key."""

    rule: CheckedRule
    hosts: Mapping[OutcomeKind, tuple[AgentId, ...]]

    def count(self, outcome: OutcomeKind) -> int:
        """Return on how many hosts it came out so."""
        return len(self.hosts.get(outcome, ()))


class RuleResultStore(Protocol):
    """Keeps outcomes by host: what is recorded of a host replaces what was, so that a step may be repeated."""

    def record(
        self, run: RunArn, rules: Sequence[CheckedRule], outcomes: Mapping[AgentId, Sequence[OutcomeKind]]
    ) -> None:
        """Record hosts' outcomes, each in the order of ``rules``, all or nothing."""
        ...

    def tallies(self, run: RunArn) -> Sequence[RuleTally]:
        """Return how each rule came out, by rules package and name."""
        ...

    def runs(self) -> Sequence[RunArn]:
        """Return every run of which there are outcomes, sorted."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's outcomes."""
        ...
