"""Rule results in SQL: one row per host, one letter per rule.

The list of rules is stored once per run, and again if the rules change during the run.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy import Engine, delete, select

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.rule_result_store import CheckedRule, RuleTally
from openinspector.service.stores.columns import to_json
from openinspector.service.stores.dialect import insert_new, upsert
from openinspector.service.stores.engine import reading, reading_once, writing
from openinspector.service.stores.schema import RULE_RESULT, RUN_RULES

_LETTERS: Final = {
    OutcomeKind.DETECTED: "D",
    OutcomeKind.WAIVED: "W",
    OutcomeKind.PASSED: "P",
    OutcomeKind.NOT_APPLICABLE: "N",
    OutcomeKind.UNABLE: "U",
}
_OUTCOMES: Final = MappingProxyType({letter: outcome for outcome, letter in _LETTERS.items()})


class SqlRuleResultStore:
    """Stores outcomes by host."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(
        self, run: RunArn, rules: Sequence[CheckedRule], outcomes: Mapping[AgentId, Sequence[OutcomeKind]]
    ) -> None:
        """Record hosts' outcomes, each in the order of ``rules``, all or nothing."""
        kept = tuple(rules)
        digest = hashlib.sha256(to_json(kept).encode()).hexdigest()
        with writing(self._engine) as connection:
            listed = insert_new(connection, RUN_RULES, ("run_arn", "digest"))
            connection.execute(listed, {"run_arn": run, "digest": digest, "rules": kept})
            for agent in sorted(outcomes):
                letters = "".join(_LETTERS[outcome] for outcome in outcomes[agent])
                row = {"run_arn": run, "agent_id": agent, "digest": digest, "outcomes": letters}
                connection.execute(upsert(connection, RULE_RESULT, row))

    def tallies(self, run: RunArn) -> Sequence[RuleTally]:
        """Return the outcomes of each rule, by rules package and name."""
        hosts: dict[CheckedRule, dict[OutcomeKind, list[AgentId]]] = {}
        with reading(self._engine) as connection:
            lists = connection.execute(select(RUN_RULES).where(RUN_RULES.c.run_arn == run).order_by(RUN_RULES.c.digest))
            rules = {row.digest: row.rules for row in lists}
            query = select(RULE_RESULT).where(RULE_RESULT.c.run_arn == run).order_by(RULE_RESULT.c.agent_id)
            for row in connection.execute(query):
                for rule, letter in zip(rules[row.digest], row.outcomes, strict=True):
                    hosts.setdefault(rule, defaultdict(list))[_OUTCOMES[letter]].append(AgentId(row.agent_id))
        return [
            RuleTally(rule=rule, hosts={outcome: tuple(found) for outcome, found in hosts[rule].items()})
            for rule in sorted(hosts, key=lambda one: (one.rules_package_arn, one.name, one.title))
        ]

    def of_host(self, run: RunArn, agent: AgentId) -> Mapping[CheckedRule, OutcomeKind]:
        """Return the outcome of each rule on one host; empty for a host without outcomes."""
        query = (
            select(RUN_RULES.c.rules, RULE_RESULT.c.outcomes)
            .join(
                RULE_RESULT,
                (RULE_RESULT.c.run_arn == RUN_RULES.c.run_arn) & (RULE_RESULT.c.digest == RUN_RULES.c.digest),
            )
            .where(RULE_RESULT.c.run_arn == run, RULE_RESULT.c.agent_id == agent)
        )
        with reading_once(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return {}
        return {rule: _OUTCOMES[letter] for rule, letter in zip(row.rules, row.outcomes, strict=True)}

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has outcomes, sorted."""
        with reading(self._engine) as connection:
            return [RunArn(run) for run in sorted(set(connection.scalars(select(RUN_RULES.c.run_arn))))]

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's outcomes."""
        with writing(self._engine) as connection:
            connection.execute(delete(RULE_RESULT).where(RULE_RESULT.c.run_arn == run))
            connection.execute(delete(RUN_RULES).where(RUN_RULES.c.run_arn == run))
