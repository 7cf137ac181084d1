"""Hosts of a target, agents of a run."""

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.model.agent import AgentHealthCode, HostDescription
from openinspector.model.asset import Tag
from openinspector.testing import model_builders as builders

TEST = Tag(key="Environment", value="Test")
HOST = HostDescription(
    hostname="web.example",
    operating_system="Debian GNU/Linux 12 (bookworm)",
    kernel_version="6.1.0-28-amd64",
    ipv4_address="192.0.2.1",
    distribution="debian:12",
    agent_version="1.0.0",
)
TALKATIVE = HostDescription(
    hostname="h" * 256,
    operating_system="o" * 256,
    kernel_version="k" * 256,
    ipv4_address="not an address at all",
    agent_version="v" * 256,
)
NO_RUN = builders.run(99).arn


def test_a_preview_shows_every_host_a_target_selects(call: Caller) -> None:
    group = call("CreateResourceGroup", resourceGroupTags=[{"key": "Environment", "value": "Test"}])
    target = call.target(resourceGroupArn=group["resourceGroupArn"])
    call.built.heartbeat(1, (TEST,), host=HOST)
    never = call.built.enrolled(2, (TEST,), auto_scaling_group="asg")
    call.built.heartbeat(3)
    assert call("PreviewAgents", previewAgentsArn=target)["agentPreviews"] == [
        {
            "agentId": builders.agent_id(1),
            "hostname": "web.example",
            "agentHealth": "HEALTHY",
            "agentVersion": "1.0.0",
            "operatingSystem": "Debian GNU/Linux 12 (bookworm)",
            "kernelVersion": "6.1.0-28-amd64",
            "ipv4Address": "192.0.2.1",
        },
        {"agentId": never.id, "autoScalingGroup": "asg", "agentHealth": "UNKNOWN"},
    ]


def test_descriptions_of_hosts_are_bounded(call: Caller) -> None:
    call.built.heartbeat(1, host=TALKATIVE)
    (preview,) = call("PreviewAgents", previewAgentsArn=call.target())["agentPreviews"]
    assert preview["agentId"] == builders.agent_id(1)
    assert "ipv4Address" not in preview


def test_previews_are_paged(call: Caller) -> None:
    target = call.target()
    agents = [call.built.enrolled(number).id for number in range(5)]
    pages = call.pages("PreviewAgents", "agentPreviews", previewAgentsArn=target, maxResults=2)
    assert [[preview["agentId"] for preview in page] for page in pages] == [agents[:2], agents[2:4], agents[4:]]


@pytest.mark.parametrize(
    ("arguments", "exception", "code"),
    [
        ({"previewAgentsArn": "arn"}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_ARN"),
        ({"previewAgentsArn": ""}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_ARN"),
        ({"previewAgentsArn": builders.target(9).arn}, "NoSuchEntityException", "ASSESSMENT_TARGET_DOES_NOT_EXIST"),
    ],
)
def test_a_preview_is_refused(call: Caller, arguments: dict[str, object], exception: str, code: str) -> None:
    assert call.refusal("PreviewAgents", **arguments) == (exception, code)


def test_agents_of_a_run_have_health_and_telemetry(call: Caller) -> None:
    agent = call.built.heartbeat(1, host=HOST, health_code=AgentHealthCode.RUNNING, health_details="collecting")
    call.built.heartbeat(2)
    run = call.run(call.template(call.target()))
    call.built.sent(run, agent, InspectorUser=(2, 20), InspectorPackageInfo=(3, 30))
    listed = call("ListAssessmentRunAgents", assessmentRunArn=run)["assessmentRunAgents"]
    assert listed == [
        {
            "agentId": agent.id,
            "assessmentRunArn": run,
            "agentHealth": "HEALTHY",
            "agentHealthCode": "RUNNING",
            "agentHealthDetails": "collecting",
            "telemetryMetadata": [
                {"messageType": "InspectorPackageInfo", "count": 3, "dataSize": 30},
                {"messageType": "InspectorUser", "count": 2, "dataSize": 20},
                {"messageType": "Total", "count": 5, "dataSize": 50},
            ],
        },
        {
            "agentId": builders.agent_id(2),
            "assessmentRunArn": run,
            "agentHealth": "HEALTHY",
            "agentHealthCode": "IDLE",
            "telemetryMetadata": [],
        },
    ]


def test_an_agent_that_was_revoked_is_still_one_of_the_run(call: Caller) -> None:
    gone, here = call.built.heartbeat(1), call.built.heartbeat(2)
    run = call.run(call.template(call.target()))
    call.built.sent(run, gone, InspectorUser=(2, 20))
    call.built.stores.agents.revoke(gone.id, call.built.clock.now())
    first, second = call("ListAssessmentRunAgents", assessmentRunArn=run)["assessmentRunAgents"]
    assert (first["agentId"], first["agentHealth"], first["agentHealthCode"]) == (gone.id, "UNKNOWN", "UNKNOWN")
    assert first["telemetryMetadata"][-1] == {"messageType": "Total", "count": 2, "dataSize": 20}
    assert second["agentId"] == here.id


@pytest.mark.parametrize(
    ("healths", "codes", "numbers"),
    [
        ([], [], [1, 2]),
        (["HEALTHY"], [], [1]),
        (["UNHEALTHY", "UNKNOWN"], [], [2]),
        ([], ["IDLE"], [1]),
        (["HEALTHY", "UNHEALTHY"], ["UNHEALTHY"], [2]),
        (["HEALTHY"], ["UNHEALTHY"], []),
    ],
)
def test_filters_of_agents(call: Caller, healths: list[str], codes: list[str], numbers: list[int]) -> None:
    for number in (1, 2):
        call.built.heartbeat(number)
    run = call.run(call.template(call.target()))
    call.built.clock.advance(181)
    call.built.heartbeat(1)
    asked = {"agentHealths": healths, "agentHealthCodes": codes}
    listed = call("ListAssessmentRunAgents", assessmentRunArn=run, filter=asked)["assessmentRunAgents"]
    assert [agent["agentId"] for agent in listed] == [builders.agent_id(number) for number in numbers]


def test_a_page_of_agents_holds_up_to_five_hundred(call: Caller) -> None:
    for number in range(101):
        call.built.heartbeat(number)
    run = call.run(call.template(call.target()))
    pages = call.pages("ListAssessmentRunAgents", "assessmentRunAgents", assessmentRunArn=run, maxResults=500)
    assert [len(page) for page in pages] == [101]
    pages = call.pages("ListAssessmentRunAgents", "assessmentRunAgents", assessmentRunArn=run)
    assert [len(page) for page in pages] == [*[10] * 10, 1]


@pytest.mark.parametrize(
    ("arguments", "exception"),
    [
        ({"assessmentRunArn": "arn"}, "InvalidInputException"),
        ({"assessmentRunArn": NO_RUN}, "NoSuchEntityException"),
        ({"assessmentRunArn": NO_RUN, "filter": {"agentHealths": []}}, "InvalidInputException"),
        (
            {"assessmentRunArn": NO_RUN, "filter": {"agentHealths": ["WELL"], "agentHealthCodes": []}},
            "InvalidInputException",
        ),
        (
            {"assessmentRunArn": NO_RUN, "filter": {"agentHealths": ["HEALTHY"] * 11, "agentHealthCodes": []}},
            "InvalidInputException",
        ),
    ],
)
def test_a_list_of_agents_is_refused(call: Caller, arguments: dict[str, object], exception: str) -> None:
    assert call.refusal("ListAssessmentRunAgents", **arguments)[0] == exception
