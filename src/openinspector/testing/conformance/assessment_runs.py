"""Contract tests for every assessment store about runs; part of `assessment_store`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest

from openinspector.model.assessment import AssessmentRun, StateChange, StopAction
from openinspector.model.errors import ModelError, StoreError
from openinspector.model.finding import Attribute, Severity
from openinspector.model.run_state import TERMINAL, AssessmentRunState
from openinspector.service.ports.assessment_store import (
    AgentsBusyError,
    AssessmentStore,
    DurationRange,
    MissingError,
    NameTakenError,
    QuotaError,
    RunFilter,
    RunInProgressError,
    TimeRange,
)
from openinspector.service.ports.page import PageRequest
from openinspector.testing.conformance.assessment_targets import NAMES, PATTERNS, WHOLE
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.conformance.walk import walk
from openinspector.testing.counts import count_runs
from openinspector.testing.model_builders import agent_id, moment, rules_package_arn, run, target, template

_S = AssessmentRunState
WHOLE_LIFE: Final = (
    _S.CREATED,
    _S.START_DATA_COLLECTION_PENDING,
    _S.START_DATA_COLLECTION_IN_PROGRESS,
    _S.COLLECTING_DATA,
    _S.STOP_DATA_COLLECTION_PENDING,
    _S.DATA_COLLECTED,
    _S.EVALUATING_RULES,
    _S.COMPLETED,
)


def lived(number: int, states: Sequence[AssessmentRunState], start: int = 0, **fields: Any) -> AssessmentRun:
    """Return a run that has entered ``states`` at moments ``start``, ``start`` + 1 and so on."""
    changes = tuple(StateChange(at=moment(start + place), state=state) for place, state in enumerate(states))
    return run(number, state_changes=changes, **fields)


class RunSuite:
    """The laws of runs."""

    def add_runs(self, store: AssessmentStore, runs: Iterable[AssessmentRun] = ()) -> None:
        """Add target 1, templates 1 and 2, and runs without agents."""
        store.add_target(target())
        for number in (1, 2):
            store.add_template(template(number))
        for one in runs:
            store.add_run(one, ())

    def test_runs_round_trip(self, store: AssessmentStore) -> None:
        whole = lived(
            1,
            WHOLE_LIFE,
            rules_package_arns=(rules_package_arn(2), rules_package_arn(1)),
            user_attributes=(Attribute(key="b"), Attribute(key="a", value="\x00é")),
            stop_action=StopAction.START_EVALUATION,
            finding_counts={Severity.HIGH: 3, Severity.UNDEFINED: 0},
        )
        self.add_runs(store, [whole, run(2)])
        assert store.runs_by_arn([run(9).arn, whole.arn, run(2).arn]) == {whole.arn: whole, run(2).arn: run(2)}
        assert count_runs(store) == len([whole, run(2)])

    def test_run_name_is_unique_within_its_template(self, store: AssessmentStore) -> None:
        """A run of another template may have the name (F4.28); a refused run reserves no agent."""
        self.add_runs(store, [run(1, name="first")])
        with pytest.raises(NameTakenError, match="first"):
            store.add_run(run(2, name="first"), [agent_id(1)])
        store.add_run(run(3, template(2).arn, name="first"), [agent_id(1)])
        assert count_runs(store) == len([1, 3])

    def test_a_run_is_added_once(self, store: AssessmentStore) -> None:
        """An ARN is never used twice."""
        self.add_runs(store, [run(1)])
        with pytest.raises(StoreError):
            store.add_run(run(1, name="another"), ())
        assert list(store.list_runs(RunFilter(), WHOLE).rows) == [run(1)]

    def test_a_run_needs_its_template(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        with pytest.raises(MissingError):
            store.add_run(run(1, template(9).arn), [agent_id(1)])
        assert store.busy_agents([agent_id(1)]) == ()

    def test_agents_are_kept_sorted(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        store.add_run(run(), [agent_id(3), agent_id(1), agent_id(3), agent_id(2)])
        agents = (agent_id(1), agent_id(2), agent_id(3))
        assert store.run_agents(run().arn) == agents
        store.advance_run(run().arn, _S.CANCELED, moment(9))
        assert store.run_agents(run().arn) == agents
        assert store.run_agents(run(9).arn) == ()
        assert {store.state_for(run().arn, agent) for agent in agents} == {_S.CANCELED}
        assert store.state_for(run().arn, agent_id(4)) is None
        assert store.state_for(run(9).arn, agent_id(1)) is None

    def test_instances_without_telemetry_are_kept_sorted(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        store.add_run(run(1), [agent_id(1)], [agent_id(3), agent_id(2), agent_id(3)], most_agents=3)
        assert store.run_agents(run(1).arn) == (agent_id(1),)
        assert store.run_instances(run(1).arn) == (agent_id(2), agent_id(3))
        assert store.run_instances(run(9).arn) == ()
        assert store.busy_agents([agent_id(2), agent_id(3)]) == ()
        assert store.state_for(run(1).arn, agent_id(2)) is None
        store.add_run(run(2), (), [agent_id(2)], most_agents=4)
        with pytest.raises(QuotaError):
            store.add_run(run(3), [agent_id(4)], [agent_id(5)], most_agents=5)
        assert store.runs_by_arn([run(3).arn]) == {}
        assert store.run_instances(run(3).arn) == ()
        for number in (1, 2):
            store.advance_run(run(number).arn, _S.CANCELED, moment(9))
        store.add_run(run(3), [agent_id(4)], [agent_id(5)], most_agents=2)
        assert store.run_instances(run(1).arn) == (agent_id(2), agent_id(3))
        store.delete_run(run(1).arn)
        assert store.run_instances(run(1).arn) == ()

    def test_a_run_may_have_very_many_agents(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        agents = [agent_id(number) for number in range(20_000)]
        store.add_run(run(), agents)
        assert store.run_agents(run().arn) == tuple(agents)
        assert store.busy_agents(agents) == tuple((agent, run().arn) for agent in agents)

    def test_an_agent_takes_part_in_one_run_at_a_time(self, store: AssessmentStore) -> None:
        """The error names all busy agents and their runs; the refused run leaves nothing (F4.31, F4.32)."""
        self.add_runs(store)
        store.add_run(run(1), [agent_id(1), agent_id(2)])
        store.add_run(run(2, template(2).arn), [agent_id(3)])
        with pytest.raises(AgentsBusyError) as refusal:
            store.add_run(run(3), [agent_id(4), agent_id(3), agent_id(2)])
        assert refusal.value.busy == ((agent_id(2), run(1).arn), (agent_id(3), run(2, template(2).arn).arn))
        assert store.runs_by_arn([run(3).arn]) == {}
        store.add_run(run(3), [agent_id(4)])

    def test_busy_agents_are_named_with_their_run(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        store.add_run(run(2), [agent_id(2)])
        store.add_run(run(1), [agent_id(3), agent_id(1)])
        asked = [agent_id(3), agent_id(9), agent_id(2), agent_id(3)]
        assert store.busy_agents(asked) == ((agent_id(2), run(2).arn), (agent_id(3), run(1).arn))
        assert store.busy_agents([]) == ()

    @pytest.mark.parametrize("end", sorted(TERMINAL))
    def test_the_end_of_a_run_frees_its_agents(self, store: AssessmentStore, end: AssessmentRunState) -> None:
        self.add_runs(store)
        store.add_run(run(1), [agent_id(1)])
        for place, state in enumerate(WHOLE_LIFE[1:-1]):
            if end is not _S.CANCELED or state is not _S.EVALUATING_RULES:
                store.advance_run(run(1).arn, state, moment(place))
        assert store.busy_agents([agent_id(1)]) == ((agent_id(1), run(1).arn),)
        store.advance_run(run(1).arn, end, moment(90))
        assert store.busy_agents([agent_id(1)]) == ()
        store.add_run(run(2), [agent_id(1)])

    def test_quotas_hold_for_concurrent_starts(self, store: AssessmentStore) -> None:
        store.add_target(target())
        store.add_template(template())
        offers = [
            (run(number, name=f"r{number}"), (agent_id(2 * number), agent_id(2 * number + 1))) for number in range(8)
        ]
        done = at_once([partial(store.add_run, *offer, most_agents=5) for offer in offers])
        assert sum(isinstance(one, QuotaError) for one in done) == len(offers) - 2
        started = [one.arn for one, _ in offers if one.arn in store.runs_by_arn([one.arn])]
        store.advance_run(started[0], AssessmentRunState.FAILED, moment(9))
        rest = [partial(store.add_run, *offer, most=3) for offer in offers if offer[0].arn not in started]
        assert sum(isinstance(one, QuotaError) for one in at_once(rest)) == len(rest) - 1
        assert count_runs(store) == len(started) + 1

    def test_busy_agents_are_named_before_the_quota(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        store.add_run(run(1), [agent_id(1), agent_id(2)], most_agents=2)
        with pytest.raises(AgentsBusyError) as refusal:
            store.add_run(run(2), [agent_id(3), agent_id(2)], most_agents=2)
        assert refusal.value.busy == ((agent_id(2), run(1).arn),)
        with pytest.raises(QuotaError, match="there are 2 instances being assessed; 1 more would exceed 2"):
            store.add_run(run(2), [agent_id(3)], most_agents=2)
        assert store.busy_agents([agent_id(3)]) == ()
        assert count_runs(store) == 1

    def test_concurrent_overlapping_runs_reserve_agents_once(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        shared = [agent_id(number) for number in range(1500)]
        starts = [
            partial(store.add_run, run(number), [agent_id(9000 + number), *shared[:: 1 if number % 2 else -1]])
            for number in range(6)
        ]
        done = at_once(starts)
        winner = done.index(None)
        losers = [one for one in done if one is not None]
        assert [type(one) for one in losers] == [AgentsBusyError] * 5
        assert [one.arn for one in store.list_runs(RunFilter(), WHOLE).rows] == [run(winner).arn]
        assert {arn for _, arn in store.busy_agents(shared)} == {run(winner).arn}
        assert len(store.busy_agents([agent_id(number) for number in range(10_000)])) == len(shared) + 1

    def test_a_run_goes_through_its_states(self, store: AssessmentStore) -> None:
        self.add_runs(store, [run()])
        for place, state in enumerate(WHOLE_LIFE[1:], start=1):
            advanced = store.advance_run(run().arn, state, moment(place))
            assert (advanced.state, advanced.state_changed_at) == (state, moment(place))
            assert store.runs_by_arn([run().arn]) == {run().arn: advanced}
        expected = lived(1, WHOLE_LIFE)
        changes = (run().state_changes[0], *expected.state_changes[1:])
        assert store.runs_by_arn([run().arn])[run().arn] == replace(expected, state_changes=changes)

    def test_entering_the_same_state_changes_nothing(self, store: AssessmentStore) -> None:
        self.add_runs(store, [run()])
        first = store.advance_run(run().arn, _S.CANCELED, moment(5))
        assert store.advance_run(run().arn, _S.CANCELED, moment(6)) == first
        assert store.runs_by_arn([run().arn]) == {run().arn: first}

    def test_an_illegal_transition_changes_nothing(self, store: AssessmentStore) -> None:
        self.add_runs(store, [run()])
        with pytest.raises(ModelError):
            store.advance_run(run().arn, _S.COMPLETED, moment(5))
        ended = store.advance_run(run().arn, _S.FAILED, moment(6))
        with pytest.raises(ModelError):
            store.advance_run(run().arn, _S.CREATED, moment(7))
        assert store.runs_by_arn([run().arn]) == {run().arn: ended}

    def test_one_of_many_concurrent_transitions_succeeds(self, store: AssessmentStore) -> None:
        """The others have no effect; no state is entered twice."""
        self.add_runs(store, [run()])
        steps = [partial(store.advance_run, run().arn, WHOLE_LIFE[1], moment(number)) for number in range(1, 7)]
        (result,) = {repr(one) for one in at_once(steps)}
        (stored,) = store.list_runs(RunFilter(), WHOLE).rows
        assert repr(stored) == result
        assert [change.state for change in stored.state_changes] == list(WHOLE_LIFE[:2])

    def test_one_of_two_concurrent_ends_wins(self, store: AssessmentStore) -> None:
        self.add_runs(store, [lived(number, WHOLE_LIFE[:-1]) for number in range(1, 6)])
        for number in range(1, 6):
            ends = [partial(store.advance_run, run(number).arn, end, moment(9)) for end in (_S.COMPLETED, _S.ERROR)]
            done = at_once(ends)
            assert sorted(type(one).__name__ for one in done) == ["AssessmentRun", "ModelError"]
            assert [one for one in done if isinstance(one, AssessmentRun)] == list(
                store.runs_by_arn([run(number).arn]).values()
            )

    @pytest.mark.parametrize(
        ("asked", "kept"),
        [
            ([StopAction.START_EVALUATION], StopAction.START_EVALUATION),
            ([StopAction.SKIP_EVALUATION], StopAction.SKIP_EVALUATION),
            ([StopAction.START_EVALUATION, StopAction.SKIP_EVALUATION], StopAction.SKIP_EVALUATION),
            ([StopAction.SKIP_EVALUATION, StopAction.START_EVALUATION], StopAction.SKIP_EVALUATION),
        ],
    )
    def test_a_stop_is_noted(self, store: AssessmentStore, asked: Sequence[StopAction], kept: StopAction) -> None:
        self.add_runs(store, [run(1), run(2)])
        for action in asked:
            stopped = store.request_stop(run(1).arn, action)
        assert stopped == run(1, stop_action=kept)
        assert list(store.list_runs(RunFilter(), WHOLE).rows) == [stopped, run(2)]

    def test_stopping_an_ended_run_does_nothing(self, store: AssessmentStore) -> None:
        """The request is accepted (decisions)."""
        self.add_runs(store, [lived(1, WHOLE_LIFE)])
        assert store.request_stop(run(1).arn, StopAction.SKIP_EVALUATION) == lived(1, WHOLE_LIFE)

    def test_finding_counts_are_replaced(self, store: AssessmentStore) -> None:
        self.add_runs(store, [run()])
        store.set_finding_counts(run().arn, {Severity.HIGH: 1})
        counts = dict.fromkeys(Severity, 7)
        store.set_finding_counts(run().arn, counts)
        assert store.runs_by_arn([run().arn])[run().arn] == run(finding_counts=counts)

    def test_a_missing_run_cannot_be_changed(self, store: AssessmentStore) -> None:
        arn = run().arn
        for change in (
            partial(store.advance_run, arn, _S.CANCELED, moment(1)),
            partial(store.request_stop, arn, StopAction.START_EVALUATION),
            partial(store.set_finding_counts, arn, {}),
            partial(store.delete_run, arn),
        ):
            with pytest.raises(MissingError):
                change()

    def test_a_run_is_deleted_after_its_end(self, store: AssessmentStore) -> None:
        self.add_runs(store)
        store.add_run(run(), [agent_id()])
        with pytest.raises(RunInProgressError) as refusal:
            store.delete_run(run().arn)
        assert refusal.value.runs == (run().arn,)
        store.advance_run(run().arn, _S.CANCELED, moment(9))
        store.delete_run(run().arn)
        assert count_runs(store) == 0
        assert store.run_agents(run().arn) == ()

    def test_runs_in_states_are_oldest_first(self, store: AssessmentStore) -> None:
        self.add_runs(store, [run(3), run(1), lived(2, WHOLE_LIFE), lived(4, WHOLE_LIFE[:4])])
        found = store.runs_in_states([_S.CREATED, _S.COLLECTING_DATA])
        assert [one.arn for one in found] == [run(1).arn, run(3).arn, run(4).arn]
        assert list(store.runs_in_states([])) == []

    @pytest.mark.parametrize("limit", [1, 2, 5, 6])
    def test_runs_are_listed_by_time_then_arn(self, store: AssessmentStore, limit: int) -> None:
        made = [run(n, template(1 + n % 2).arn, created_at=moment(n % 2)) for n in (4, 1, 5, 3, 2)]
        self.add_runs(store, made)
        ordered = sorted(made, key=lambda one: (one.created_at, one.arn))
        assert walk(partial(store.list_runs, RunFilter()), limit) == ordered

    def test_pages_are_stable_while_runs_change(self, store: AssessmentStore) -> None:
        """A run that leaves the filter is not seen again, and none is skipped."""
        self.add_runs(store, [run(number) for number in (2, 4, 6)])
        wanted = RunFilter(states=(_S.CREATED,))
        first = store.list_runs(wanted, PageRequest(limit=2))
        store.add_run(run(5), ())
        store.advance_run(run(2).arn, _S.CANCELED, moment(9))
        second = store.list_runs(wanted, PageRequest(limit=9, after=first.next))
        assert [one.arn for one in (*first.rows, *second.rows)] == [run(number).arn for number in (2, 4, 5, 6)]

    @pytest.mark.parametrize(("pattern", "names"), PATTERNS)
    def test_runs_are_found_by_name(self, store: AssessmentStore, pattern: str, names: Sequence[str]) -> None:
        self.add_runs(store, [run(number, name=name) for number, name in enumerate(NAMES)])
        found = store.list_runs(RunFilter(name_pattern=pattern), WHOLE)
        assert [one.name for one in found.rows] == list(names)

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            (RunFilter(template_arns=(template(2).arn,)), [4]),
            (RunFilter(template_arns=(template(2).arn, template(1).arn)), [1, 2, 3, 4]),
            (RunFilter(states=(_S.CREATED, _S.COLLECTING_DATA)), [1, 2, 4]),
            (RunFilter(states=(_S.FAILED,)), []),
            (RunFilter(duration=DurationRange(minimum=200, maximum=300)), [2, 3]),
            (RunFilter(rules_package_arns=(rules_package_arn(3),)), [3]),
            (RunFilter(rules_package_arns=(rules_package_arn(3), rules_package_arn(1))), [3]),
            (RunFilter(rules_package_arns=(rules_package_arn(2), rules_package_arn(3))), []),
            (RunFilter(started=TimeRange(begin=moment(23))), [2, 3]),
            (RunFilter(started=TimeRange(begin=moment(24))), [3]),
            (RunFilter(started=TimeRange(end=moment(23))), [2]),
            (RunFilter(completed=TimeRange(begin=moment(37), end=moment(37))), [3]),
            (RunFilter(completed=TimeRange(end=moment(36))), []),
            (RunFilter(state_changed=TimeRange(begin=moment(10), end=moment(23))), [1, 2]),
            (RunFilter(state_changed=TimeRange(begin=moment(24), end=moment(22))), []),
            (RunFilter(states=(_S.COMPLETED,), name_pattern="run-*", duration=DurationRange(maximum=300)), [3]),
            (RunFilter(states=(_S.COMPLETED,), template_arns=(template(2).arn,)), []),
        ],
    )
    def test_run_filters_are_and_across_or_within(
        self, store: AssessmentStore, wanted: RunFilter, numbers: Sequence[int]
    ) -> None:
        """Ranges include both ends; a run that has not started or ended is in no such range (F11.33).

        But rules packages must all be the run's.
        """
        made = [
            lived(1, WHOLE_LIFE[:1], 10, duration_seconds=100),
            lived(2, WHOLE_LIFE[:4], 20, duration_seconds=200, rules_package_arns=(rules_package_arn(2),)),
            lived(3, WHOLE_LIFE, 30, duration_seconds=300, rules_package_arns=tuple(map(rules_package_arn, (1, 3)))),
            run(4, template(2).arn, state_changes=lived(4, WHOLE_LIFE[:1], 40).state_changes, duration_seconds=400),
        ]
        self.add_runs(store, made)
        expected = [made[number - 1] for number in numbers]
        assert list(store.list_runs(wanted, WHOLE).rows) == expected
        assert walk(partial(store.list_runs, wanted), 1) == expected

    def test_a_run_that_entered_a_state_is_unannounced_until_marked(self, store: AssessmentStore) -> None:
        """A state entered meanwhile stays unannounced; other changes do not count."""
        self.add_runs(store, [run(1), run(2)])
        assert [one.arn for one in store.runs_to_announce(9)] == [run(1).arn, run(2).arn]
        assert [one.arn for one in store.runs_to_announce(1)] == [run(1).arn]
        for number in (1, 2):
            store.mark_announced(run(number).arn, _S.CREATED)
        assert list(store.runs_to_announce(9)) == []
        store.request_stop(run(1).arn, StopAction.START_EVALUATION)
        assert list(store.runs_to_announce(9)) == []
        entered = store.advance_run(run(1).arn, WHOLE_LIFE[1], moment(5))
        store.mark_announced(run(1).arn, _S.CREATED)
        assert list(store.runs_to_announce(9)) == [entered]
        store.advance_run(run(1).arn, WHOLE_LIFE[1], moment(6))
        store.mark_announced(run(1).arn, WHOLE_LIFE[1])
        store.mark_announced(run(3).arn, _S.CREATED)
        assert list(store.runs_to_announce(9)) == []
