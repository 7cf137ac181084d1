"""The 13 states and their transitions (F4.39 to F4.53)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.errors import ModelError
from openinspector.model.run_state import (
    BEFORE_EVALUATION,
    IN_PROGRESS,
    TERMINAL,
    TRANSITIONS,
    AssessmentRunState,
    check_transition,
    is_legal,
)

State = AssessmentRunState

OFFICIAL_EXAMPLE = (
    "CREATED START_DATA_COLLECTION_PENDING START_DATA_COLLECTION_IN_PROGRESS COLLECTING_DATA "
    "STOP_DATA_COLLECTION_PENDING DATA_COLLECTED EVALUATING_RULES COMPLETED"
).split()


def test_thirteen_states() -> None:
    assert len(State) == 13
    assert set(TRANSITIONS) == set(State)


def test_the_official_example_is_legal() -> None:
    states = [State(name) for name in OFFICIAL_EXAMPLE]
    assert all(is_legal(a, b) for a, b in itertools.pairwise(states))


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_terminal_states_have_no_transitions(state: State) -> None:
    assert not TRANSITIONS[state]


@pytest.mark.parametrize("state", sorted(IN_PROGRESS))
def test_every_state_in_progress_can_fail(state: State) -> None:
    assert {State.FAILED, State.ERROR} <= TRANSITIONS[state]


@pytest.mark.parametrize("state", sorted(State))
def test_only_states_before_evaluation_can_be_cancelled(state: State) -> None:
    assert (State.CANCELED in TRANSITIONS[state]) == (state in BEFORE_EVALUATION)


def test_a_run_cannot_skip_collection() -> None:
    with pytest.raises(ModelError, match="cannot go from CREATED to COLLECTING_DATA"):
        check_transition(State.CREATED, State.COLLECTING_DATA)


@given(st.lists(st.sampled_from(State), max_size=40))
def test_no_transition_sequence_repeats_a_state(steps: list[State]) -> None:
    current, seen = State.CREATED, {State.CREATED}
    for step in steps:
        if is_legal(current, step):
            assert step not in seen
            current = step
            seen.add(step)
