"""The rule result store's simulator: the whole port, in memory."""

import threading
from collections.abc import Mapping, Sequence

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.rule_result_store import CheckedRule, RuleTally


class MemoryRuleResultStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._outcomes: dict[RunArn, dict[AgentId, dict[CheckedRule, OutcomeKind]]] = {}

    def record(
        self, run: RunArn, rules: Sequence[CheckedRule], outcomes: Mapping[AgentId, Sequence[OutcomeKind]]
    ) -> None:
        """Record hosts' outcomes, each in the order of ``rules``, all or nothing."""
        new = {agent: dict(zip(rules, found, strict=True)) for agent, found in outcomes.items()}
        with self._lock:
            self._outcomes.setdefault(run, {}).update(new)

    def tallies(self, run: RunArn) -> Sequence[RuleTally]:
        """Return the outcomes of each rule, by rules package and name."""
        found: dict[CheckedRule, dict[OutcomeKind, tuple[AgentId, ...]]] = {}
        with self._lock:
            for agent, outcomes in sorted(self._outcomes.get(run, {}).items()):
                for rule, outcome in outcomes.items():
                    hosts = found.setdefault(rule, {})
                    hosts[outcome] = (*hosts.get(outcome, ()), agent)
        ordered = sorted(found, key=lambda one: (one.rules_package_arn, one.name, one.title))
        return [RuleTally(rule=rule, hosts=found[rule]) for rule in ordered]

    def of_host(self, run: RunArn, agent: AgentId) -> Mapping[CheckedRule, OutcomeKind]:
        """Return the outcome of each rule on one host; empty for a host without outcomes."""
        with self._lock:
            return dict(self._outcomes.get(run, {}).get(agent, {}))

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has outcomes, sorted."""
        with self._lock:
            return sorted(self._outcomes)

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's outcomes."""
        with self._lock:
            self._outcomes.pop(run, None)
