"""The names by which use cases and the run driver meet: one workflow a run, its id the run's ARN."""

from typing import Final

RUN_WORKFLOW: Final = "assessment_run"
"""The workflow that drives a run from CREATED to its end."""

WAKE: Final = "wake"
"""The topic a run waits on: something changed, look again (a stop was asked for, every stream is closed)."""
