"""Contract tests for every rule result store. Subclass, and provide an empty one as the fixture ``store``."""

from typing import Any

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.finding import Severity
from openinspector.service.ports.rule_result_store import CheckedRule, RuleResultStore, RuleTally
from openinspector.testing import model_builders as builders

_D, _, _P, _N, _U = OutcomeKind
RUN = builders.run().arn
FIRST, SECOND, THIRD = (builders.agent_id(number) for number in (1, 2, 3))


def checked(number: int = 1, **fields: Any) -> CheckedRule:
    """Return a rule that was checked."""
    given = {"title": f"Rule {number} – Zürich \x00", "severity": Severity.MEDIUM, **fields}
    return CheckedRule(rules_package_arn=builders.rules_package_arn(), name=f"rule_{number}", **given)


class RuleResultStoreSuite:
    """The contract of `RuleResultStore`."""

    def test_hosts_are_counted_by_outcome(self, store: RuleResultStore) -> None:
        store.record(RUN, [checked(2), checked(1)], {SECOND: [_P, _D], FIRST: [_P, _U]})
        store.record(RUN, [checked(2), checked(1)], {THIRD: [_N, _D]})
        assert list(store.tallies(RUN)) == [
            RuleTally(rule=checked(1), hosts={_U: (FIRST,), _D: (SECOND, THIRD)}),
            RuleTally(rule=checked(2), hosts={_P: (FIRST, SECOND), _N: (THIRD,)}),
        ]

    def test_recording_a_host_again_replaces_its_results(self, store: RuleResultStore) -> None:
        """An evaluation step that is repeated counts no host twice."""
        for outcome in (_U, _D, _D):
            store.record(RUN, [checked()], {FIRST: [outcome]})
        (tally,) = store.tallies(RUN)
        assert tally.hosts == {_D: (FIRST,)}
        assert [tally.count(outcome) for outcome in (_D, _P, _N, _U)] == [1, 0, 0, 0]

    def test_rules_changed_during_a_run_stay_separate(self, store: RuleResultStore) -> None:
        """The service was upgraded between two batches: each host's outcomes stay those of its rules."""
        store.record(RUN, [checked(1), checked(2)], {FIRST: [_P, _D]})
        store.record(RUN, [checked(2), checked(3)], {SECOND: [_P, _N]})
        assert {tally.rule.name: dict(tally.hosts) for tally in store.tallies(RUN)} == {
            "rule_1": {_P: (FIRST,)},
            "rule_2": {_D: (FIRST,), _P: (SECOND,)},
            "rule_3": {_N: (SECOND,)},
        }

    def test_outcomes_of_one_host(self, store: RuleResultStore) -> None:
        store.record(RUN, [checked(1), checked(2)], {FIRST: [_P, _D], SECOND: [_U, _U]})
        assert store.of_host(RUN, FIRST) == {checked(1): _P, checked(2): _D}
        assert store.of_host(RUN, THIRD) == {}
        assert store.of_host(builders.run(2).arn, FIRST) == {}

    def test_runs_are_independent(self, store: RuleResultStore) -> None:
        other = builders.run(2).arn
        assert store.tallies(RUN) == []
        for run in (other, RUN):
            store.record(run, [checked()], {FIRST: [_P]})
        assert list(store.runs()) == [RUN, other]
        store.delete_run(RUN)
        assert (store.tallies(RUN), list(store.runs())) == ([], [other])
        assert len(store.tallies(other)) == 1

    def test_a_run_without_outcomes_is_listed_once_it_is_recorded(self, store: RuleResultStore) -> None:
        """The record marks a deletion in progress; existing outcomes are kept."""
        store.record(RUN, (), {})
        assert (store.tallies(RUN), list(store.runs())) == ([], [RUN])
        store.record(RUN, [checked()], {FIRST: [_P]})
        store.record(RUN, (), {})
        assert len(store.tallies(RUN)) == 1
        store.delete_run(RUN)
        assert list(store.runs()) == []
