"""Names shared by use cases and the run driver: one workflow per run, whose id is the run's ARN."""

from typing import Final

RUN_WORKFLOW: Final = "assessment_run"
"""The workflow that drives a run from CREATED to its end."""

WAKE: Final = "wake"
"""The topic that a run waits on: something changed (a stop was requested, or every stream is closed)."""
