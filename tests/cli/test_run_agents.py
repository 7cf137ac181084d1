"""`openinspector runs agents`."""

import json

from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector

RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-1/template/0-2/run/0-3"


def agent(id_: str, health: str, group: str | None = None, messages: int = 0) -> dict[str, object]:
    made: dict[str, object] = {
        "agentId": id_,
        "assessmentRunArn": RUN,
        "agentHealth": health,
        "agentHealthCode": "IDLE" if health == "HEALTHY" else "UNKNOWN",
        "telemetryMetadata": [{"messageType": "Total", "count": messages, "dataSize": 1}] if messages else [],
    }
    return made if group is None else {**made, "autoScalingGroup": group}


AGENTS = [agent("host-1", "HEALTHY", messages=7), agent("i-1", "UNKNOWN", "web"), agent("i-2", "UNKNOWN", "db")]


def test_hosts_of_a_run_are_listed_with_their_group(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentRunAgents", {"assessmentRunAgents": AGENTS})
    done = command("runs", "agents", RUN)
    assert done.status == 0, done.err
    assert "host-1 HEALTHY 7" in done.words
    assert "i-1 UNKNOWN web 0" in done.words


def test_auto_scaling_group_and_health_select(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentRunAgents", {"assessmentRunAgents": AGENTS})
    done = command("runs", "agents", RUN, "--auto-scaling-group", "web", "--health", "UNKNOWN", "--json")
    assert [one["agentId"] for one in json.loads(done.out)] == ["i-1"]
    (asked,) = [arguments for _, arguments in inspector.requests]
    assert asked["filter"] == {"agentHealths": ["UNKNOWN"], "agentHealthCodes": []}


def test_nothing_selected_is_a_sentence(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentRunAgents", {"assessmentRunAgents": AGENTS})
    assert "no such host" in command("runs", "agents", RUN, "--auto-scaling-group", "none").words
