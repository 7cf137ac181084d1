"""Store of rule results by host: the full report includes passed rules (F7.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import AgentId
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.model.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    """A rule at the time a run was evaluated."""

    rules_package_arn: RulesPackageArn
    name: str
    title: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTally:
    """The hosts of each outcome of a rule, sorted; outcomes that did not occur are omitted."""

    rule: CheckedRule
    hosts: Mapping[OutcomeKind, tuple[AgentId, ...]]

    def count(self, outcome: OutcomeKind) -> int:
        """Return the number of hosts with an outcome."""
        return len(self.hosts.get(outcome, ()))


class RuleResultStore(Protocol):
    """Stores outcomes by host. Recording a host again replaces its outcomes, so that a step may be repeated."""

    def record(
        self, run: RunArn, rules: Sequence[CheckedRule], outcomes: Mapping[AgentId, Sequence[OutcomeKind]]
    ) -> None:
        """Record hosts' outcomes, each in the order of ``rules``, all or nothing."""
        ...

    def tallies(self, run: RunArn) -> Sequence[RuleTally]:
        """Return the outcomes of each rule, by rules package and name."""
        ...

    def of_host(self, run: RunArn, agent: AgentId) -> Mapping[CheckedRule, OutcomeKind]:
        """Return the outcome of each rule on one host; empty for a host without outcomes."""
        ...

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has outcomes, sorted."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's outcomes."""
        ...
