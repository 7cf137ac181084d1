import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders


@pytest.fixture
def template(call: Caller) -> str:
    return call.template(call.target())


def test_a_schedule_is_created_listed_changed_and_deleted(call: Caller, template: str) -> None:
    created = call("CreateSchedule", assessmentTemplateArn=template, scheduleExpression="rate(7 days)")["schedule"]
    assert created == {
        "arn": created["arn"],
        "assessmentTemplateArn": template,
        "scheduleExpression": "rate(7 days)",
        "enabled": True,
        "createdAt": call.built.clock.now().timestamp(),
        "nextRunAt": call.built.clock.now().timestamp(),
    }
    assert created["arn"].startswith(f"{template}/schedule/0-")
    assert call("ListSchedules") == call("ListSchedules", assessmentTemplateArn=template) == {"schedules": [created]}
    paused = call("UpdateSchedule", scheduleArn=created["arn"], enabled=False)["schedule"]
    assert paused == {**created, "enabled": False}
    assert call("DeleteSchedule", scheduleArn=created["arn"]) == {}
    assert call("ListSchedules") == {"schedules": []}


def test_schedules_are_paged(call: Caller, template: str) -> None:
    for _ in range(12):
        call.built.clock.advance(1)
        call("CreateSchedule", assessmentTemplateArn=template, scheduleExpression="rate(7 days)")
    assert [len(page) for page in call.pages("ListSchedules", "schedules")] == [10, 2]
    assert [len(page) for page in call.pages("ListSchedules", "schedules", maxResults=5)] == [5, 5, 2]


def test_rejects_invalid_requests(call: Caller, template: str) -> None:
    wrong = call.refusal("CreateSchedule", assessmentTemplateArn=template, scheduleExpression="daily")
    assert wrong == ("InvalidInputException", "INVALID_ATTRIBUTE")
    unknown = builders.template(9).arn
    absent = call.refusal("CreateSchedule", assessmentTemplateArn=unknown, scheduleExpression="rate(1 day)")
    assert absent == ("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")
    assert call.refusal("ListSchedules", assessmentTemplateArn=unknown)[0] == "NoSuchEntityException"
    assert call.refusal("DeleteSchedule", scheduleArn="arn") == ("InvalidInputException", "INVALID_RESOURCE_ARN")
    gone = f"{template}/schedule/0-00000000"
    for operation in ("DeleteSchedule", "UpdateSchedule"):
        refused = call.refused(operation, scheduleArn=gone)
        assert refused == {
            "__type": "ResourceNotFoundException",
            "message": f"The schedule {gone} does not exist.",
        }
