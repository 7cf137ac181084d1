"""The 13 run states and the only legal transitions (F4.39 to F4.53).

- CREATED → START_DATA_COLLECTION_PENDING → START_DATA_COLLECTION_IN_PROGRESS → COLLECTING_DATA
- COLLECTING_DATA → STOP_DATA_COLLECTION_PENDING → DATA_COLLECTED
- DATA_COLLECTED → (START_EVALUATING_RULES_PENDING →) EVALUATING_RULES
- EVALUATING_RULES → COMPLETED or COMPLETED_WITH_ERRORS
- any state before EVALUATING_RULES → CANCELED; any non-terminal state → FAILED or ERROR
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.errors import ModelError


class AssessmentRunState(StrEnum):
    """A run's state; the value is the wire's (F11.54)."""

    CREATED = "CREATED"
    START_DATA_COLLECTION_PENDING = "START_DATA_COLLECTION_PENDING"
    START_DATA_COLLECTION_IN_PROGRESS = "START_DATA_COLLECTION_IN_PROGRESS"
    COLLECTING_DATA = "COLLECTING_DATA"
    STOP_DATA_COLLECTION_PENDING = "STOP_DATA_COLLECTION_PENDING"
    DATA_COLLECTED = "DATA_COLLECTED"
    START_EVALUATING_RULES_PENDING = "START_EVALUATING_RULES_PENDING"
    EVALUATING_RULES = "EVALUATING_RULES"
    FAILED = "FAILED"
    ERROR = "ERROR"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    CANCELED = "CANCELED"


_S = AssessmentRunState

TERMINAL: Final = frozenset({_S.COMPLETED, _S.COMPLETED_WITH_ERRORS, _S.FAILED, _S.ERROR, _S.CANCELED})
IN_PROGRESS: Final = frozenset(_S) - TERMINAL
BEFORE_EVALUATION: Final = IN_PROGRESS - {_S.EVALUATING_RULES}

_FORWARD: Final[Mapping[AssessmentRunState, frozenset[AssessmentRunState]]] = {
    _S.CREATED: frozenset({_S.START_DATA_COLLECTION_PENDING}),
    _S.START_DATA_COLLECTION_PENDING: frozenset({_S.START_DATA_COLLECTION_IN_PROGRESS}),
    _S.START_DATA_COLLECTION_IN_PROGRESS: frozenset({_S.COLLECTING_DATA}),
    _S.COLLECTING_DATA: frozenset({_S.STOP_DATA_COLLECTION_PENDING}),
    _S.STOP_DATA_COLLECTION_PENDING: frozenset({_S.DATA_COLLECTED}),
    _S.DATA_COLLECTED: frozenset({_S.START_EVALUATING_RULES_PENDING, _S.EVALUATING_RULES}),
    _S.START_EVALUATING_RULES_PENDING: frozenset({_S.EVALUATING_RULES}),
    _S.EVALUATING_RULES: frozenset({_S.COMPLETED, _S.COMPLETED_WITH_ERRORS}),
}


def _leaving(state: AssessmentRunState) -> frozenset[AssessmentRunState]:
    if state in TERMINAL:
        return frozenset()
    ends = {_S.FAILED, _S.ERROR} | ({_S.CANCELED} if state in BEFORE_EVALUATION else set())
    return _FORWARD[state] | ends


TRANSITIONS: Final[Mapping[AssessmentRunState, frozenset[AssessmentRunState]]] = MappingProxyType(
    {state: _leaving(state) for state in AssessmentRunState}
)


def is_legal(current: AssessmentRunState, following: AssessmentRunState) -> bool:
    """Return True if a run may go from ``current`` straight to ``following``."""
    return following in TRANSITIONS[current]


def check_transition(current: AssessmentRunState, following: AssessmentRunState) -> None:
    """Raise ModelError unless a run may go from ``current`` straight to ``following``."""
    if not is_legal(current, following):
        raise ModelError(f"a run cannot go from {current} to {following}")
