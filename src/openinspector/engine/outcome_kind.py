"""OutcomeKind: the type of an outcome, as it is counted and stored."""

from enum import StrEnum


class OutcomeKind(StrEnum):
    """Type of the outcome of a rule, or of a part of it, on a host."""

    DETECTED = "DETECTED"
    WAIVED = "WAIVED"
    """Of a part: detected, and a waiver is in force."""
    PASSED = "PASSED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    UNABLE = "UNABLE"
