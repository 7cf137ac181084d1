"""A run's live progress on the terminal: its stage, the time in it, and the telemetry received."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from openinspector.cli.presentation import severity_bars, state_text
from openinspector.model.errors import OpenInspectorError
from openinspector.model.foreign_text import printable_line
from openinspector.model.run_state import TERMINAL, AssessmentRunState

if TYPE_CHECKING:
    from botocore.client import BaseClient

_STAGES: Final = (
    ("Starting", ("CREATED", "START_DATA_COLLECTION_PENDING", "START_DATA_COLLECTION_IN_PROGRESS")),
    ("Collecting data", ("COLLECTING_DATA",)),
    ("Stopping", ("STOP_DATA_COLLECTION_PENDING", "DATA_COLLECTED")),
    ("Analyzing", ("START_EVALUATING_RULES_PENDING", "EVALUATING_RULES")),
)
"""Stages in the vendor's console words (F4.42 to F4.47)."""


class MissingRunError(OpenInspectorError):
    """The assessment run does not exist."""


def watch_run(client: "BaseClient", run_arn: str, console: Console, *, poll_seconds: float = 0.5) -> Mapping[str, Any]:
    """Show a run until it ends; return its last description. Without a terminal, print one line per stage."""
    began = time.monotonic()
    seen = ""
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        while True:
            run = describe_run(client, run_arn)
            ended = AssessmentRunState(run["state"]) in TERMINAL
            if console.is_terminal:
                live.update(_view(run, _messages(client, run_arn), time.monotonic() - began))
            elif run["state"] != seen:
                seen = run["state"]
                console.print(f"{time.monotonic() - began:6.1f} s  {seen}")
            if ended:
                return run
            time.sleep(poll_seconds)


def describe_run(client: "BaseClient", run_arn: str) -> Mapping[str, Any]:
    """Return the API's description of one run; MissingRunError if it does not exist."""
    answer = client.describe_assessment_runs(assessmentRunArns=[run_arn])
    if not answer["assessmentRuns"]:
        raise MissingRunError(f"no assessment run {run_arn}", advice="See `openinspector runs list`.")
    found: Mapping[str, Any] = answer["assessmentRuns"][0]
    return found


def _messages(client: "BaseClient", run_arn: str) -> int:
    metadata = client.get_telemetry_metadata(assessmentRunArn=run_arn)["telemetryMetadata"]
    return next((int(entry["count"]) for entry in metadata if entry["messageType"] == "Total"), 0)


def _view(run: Mapping[str, Any], messages: int, elapsed: float) -> Group:
    current = next((i for i, (_, states) in enumerate(_STAGES) if run["state"] in states), len(_STAGES))
    lines: list[Text | Spinner] = []
    for index, (stage, _) in enumerate(_STAGES):
        detail = f"  {messages} messages" if index == 1 and messages else ""
        if index < current:
            lines.append(Text.assemble(("✓ ", "green"), stage, (detail, "dim")))
        elif index == current:
            lines.append(Spinner("dots", Text.assemble(stage, (f"{detail}  {elapsed:.0f} s", "dim"))))
        else:
            lines.append(Text(f"  {stage}", style="dim"))
    return Group(*lines)


def run_summary(run: Mapping[str, Any]) -> Group:
    """Return how a run ended and its findings by severity."""
    head = Text.assemble(("Run ", "bold"), (printable_line(run["name"]), "bold"), "  ", state_text(run["state"]))
    return Group(head, severity_bars({name: int(count) for name, count in run["findingCounts"].items()}))
