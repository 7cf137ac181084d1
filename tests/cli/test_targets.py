import json

import click
import pytest
from tests.cli.api_answers import BASE, CREATED, HOSTILE, TARGET, widest
from tests.cli.conftest import Command

from openinspector.cli.targets import parsed_tag
from openinspector.testing.simulated_inspector import InspectorError, SimulatedInspector

GROUP = f"{BASE}:resourcegroup/0-GGGGGGGG"
TARGETS = [
    {"arn": TARGET, "name": "production", "resourceGroupArn": GROUP, "createdAt": CREATED, "updatedAt": CREATED},
    {"arn": f"{TARGET}x", "name": "everything", "createdAt": CREATED, "updatedAt": CREATED},
]


@pytest.fixture
def prepared(inspector: SimulatedInspector) -> SimulatedInspector:
    inspector.prepare("ListAssessmentTargets", {"assessmentTargetArns": [TARGET, f"{TARGET}x"]})
    inspector.prepare("DescribeAssessmentTargets", {"assessmentTargets": TARGETS, "failedItems": {}})
    return inspector


def test_a_table_of_targets(command: Command, prepared: SimulatedInspector) -> None:
    done = command("targets", "list")
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "production by tags" in done.words
    assert "everything all" in done.words
    assert len(prepared.requests) == 2


def test_targets_as_json(command: Command, prepared: SimulatedInspector) -> None:
    shown = json.loads(command("targets", "list", "--json").out)
    assert [target["name"] for target in shown] == ["production", "everything"]
    assert shown[0]["createdAt"].startswith("2026-")
    assert len(prepared.requests) == 2


def test_empty_list_explains_create(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentTargets", {"assessmentTargetArns": []})
    assert "openinspector targets create NAME" in command("targets", "list").words
    assert command("targets", "list", "--json").out == "[]\n"


def test_a_target_of_tags_gets_a_resource_group(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("CreateResourceGroup", {"resourceGroupArn": GROUP})
    inspector.prepare("CreateAssessmentTarget", {"assessmentTargetArn": TARGET})
    done = command("targets", "create", "production", "--tag", "Env=prod=1", "--tag", "Web")
    assert (done.status, done.out) == (0, f"{TARGET}\n")
    assert inspector.requests == [
        ("CreateResourceGroup", {"resourceGroupTags": [{"key": "Env", "value": "prod=1"}, {"key": "Web"}]}),
        ("CreateAssessmentTarget", {"assessmentTargetName": "production", "resourceGroupArn": GROUP}),
    ]


def test_a_target_without_tags_is_all_hosts(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("CreateAssessmentTarget", {"assessmentTargetArn": TARGET})
    assert command("targets", "create", "everything").status == 0
    assert inspector.requests == [("CreateAssessmentTarget", {"assessmentTargetName": "everything"})]


def test_tag_without_a_key_creates_nothing(command: Command, inspector: SimulatedInspector) -> None:
    done = command("targets", "create", "x", "--tag", "=prod")
    assert done.status == 2
    assert "KEY=VALUE" in done.err
    assert inspector.requests == []


def test_a_refusal_of_the_service_is_one_line(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("CreateAssessmentTarget", InspectorError("InvalidInputException", "the name is taken"))
    done = command("targets", "create", "x")
    assert (done.status, done.err) == (1, "openinspector: InvalidInputException: the name is taken\n")


def test_the_hosts_of_a_target(command: Command, inspector: SimulatedInspector) -> None:
    agents = [
        {"agentId": "host-1", "hostname": HOSTILE, "agentHealth": "HEALTHY", "ipv4Address": "192.0.2.1"},
        {"agentId": "host-2"},
    ]
    inspector.prepare("PreviewAgents", {"agentPreviews": agents})
    done = command("targets", "preview", TARGET)
    assert done.status == 0, done.err
    assert "[/x]" in done.out
    assert "\x1b" not in done.out
    assert "UNKNOWN" in done.out
    assert json.loads(command("targets", "preview", TARGET, "--json").out) == agents


def test_deleting(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DeleteAssessmentTarget", {})
    assert command("targets", "delete", TARGET).out == ""
    assert inspector.requests == [("DeleteAssessmentTarget", {"assessmentTargetArn": TARGET})]


def test_tags() -> None:
    assert parsed_tag("a=b=c") == {"key": "a", "value": "b=c"}
    assert parsed_tag("a=") == {"key": "a", "value": ""}
    assert parsed_tag("a") == {"key": "a"}
    with pytest.raises(click.UsageError, match="KEY=VALUE"):
        parsed_tag("")
