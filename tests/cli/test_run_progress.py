"""Live progress on a terminal, lines elsewhere."""

from io import StringIO

import boto3
import pytest
from rich.console import Console
from tests.cli.api_answers import RUN, described_runs, run

from openinspector.cli.run_progress import MissingRunError, describe_run, run_summary, watch_run
from openinspector.testing.simulated_inspector import SimulatedInspector

STATES = ("CREATED", "COLLECTING_DATA", "EVALUATING_RULES", "COMPLETED")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_run_is_watched_to_its_end(inspector: SimulatedInspector, *, is_terminal: bool) -> None:
    inspector.prepare("DescribeAssessmentRuns", *(described_runs(run(state)) for state in STATES))
    volumes = [{"messageType": "Total", "count": 1234, "dataSize": 9}]
    inspector.prepare("GetTelemetryMetadata", {"telemetryMetadata": volumes})
    shown = StringIO()
    console = Console(file=shown, force_terminal=is_terminal, width=80, highlight=False)
    client = boto3.client("inspector", region_name="us-east-1")
    assert watch_run(client, RUN, console, poll_seconds=0)["state"] == "COMPLETED"
    assert ("1234 messages" in shown.getvalue()) == is_terminal
    assert [state for state in STATES if state in shown.getvalue()] == ([] if is_terminal else list(STATES))


def test_missing_run(inspector: SimulatedInspector) -> None:
    inspector.prepare("DescribeAssessmentRuns", described_runs())
    with pytest.raises(MissingRunError, match=RUN):
        describe_run(boto3.client("inspector", region_name="us-east-1"), RUN)


def test_the_summary_counts_by_severity() -> None:
    shown = StringIO()
    Console(file=shown, width=80).print(run_summary(run(High=2, Low=1)))
    assert "High 2 █" in " ".join(shown.getvalue().split())
