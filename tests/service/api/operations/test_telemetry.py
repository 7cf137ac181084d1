"""Telemetry metadata over the API."""

from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders


def test_all_agents_of_a_run_are_added_up(call: Caller) -> None:
    agents = [call.built.heartbeat(number) for number in (1, 2)]
    run = call.run(call.template(call.target()))
    assert call("GetTelemetryMetadata", assessmentRunArn=run) == {"telemetryMetadata": []}
    call.built.sent(run, agents[0], InspectorUser=(1, 10))
    call.built.sent(run, agents[1], InspectorUser=(2, 20), InspectorMonitoringStart=(1, 5))
    call.built.sent(run, agents[1], InspectorUser=(4, 40))
    assert call("GetTelemetryMetadata", assessmentRunArn=run)["telemetryMetadata"] == [
        {"messageType": "InspectorMonitoringStart", "count": 1, "dataSize": 5},
        {"messageType": "InspectorUser", "count": 7, "dataSize": 70},
        {"messageType": "Total", "count": 8, "dataSize": 75},
    ]


def test_the_run_must_exist(call: Caller) -> None:
    missing = ("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST")
    invalid = ("InvalidInputException", "INVALID_ASSESSMENT_RUN_ARN")
    assert call.refusal("GetTelemetryMetadata", assessmentRunArn=builders.run().arn) == missing
    assert call.refusal("GetTelemetryMetadata", assessmentRunArn="arn") == invalid
    assert call.refusal("GetTelemetryMetadata") == invalid
