import uuid

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders

OTHER = str(uuid.UUID(int=1))


@pytest.fixture
def template(call: Caller) -> str:
    return call.template(call.target())


def test_a_preview_is_polled_with_its_token(call: Caller, template: str) -> None:
    token = call("CreateExclusionsPreview", assessmentTemplateArn=template)["previewToken"]
    asked = {"assessmentTemplateArn": template, "previewToken": token}
    assert call("GetExclusionsPreview", **asked) == {"previewStatus": "WORK_IN_PROGRESS"}
    assert call.refused("CreateExclusionsPreview", assessmentTemplateArn=template) == {
        "__type": "PreviewGenerationInProgressException",
        "message": "An exclusions preview of this template is being made; read that one.",
    }
    call.built.stores.previews.complete(token, ())
    assert call("GetExclusionsPreview", **asked) == {"previewStatus": "COMPLETED", "exclusionPreviews": []}


def test_exclusions_are_paged(call: Caller, template: str) -> None:
    token = call("CreateExclusionsPreview", assessmentTemplateArn=template)["previewToken"]
    call.built.stores.previews.complete(token, [builders.exclusion(number).preview for number in range(105)])
    asked = {"assessmentTemplateArn": template, "previewToken": token}
    pages = call.pages("GetExclusionsPreview", "exclusionPreviews", **asked)
    assert [len(page) for page in pages] == [100, 5]
    small = call.pages("GetExclusionsPreview", "exclusionPreviews", **asked, maxResults=50, locale="EN_US")
    assert [one for page in small for one in page] == [one for page in pages for one in page]
    assert pages[0][3] == {
        "title": "Agent not found",
        "description": "No agent is installed.",
        "recommendation": "Install the agent.",
        "scopes": [{"key": "INSTANCE_ID", "value": builders.agent_id(3)}],
        "attributes": [{"key": "INSTANCE_ID", "value": builders.agent_id(3)}],
    }


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"previewToken": OTHER}, ("InvalidInputException", "INVALID_ATTRIBUTE")),
        ({"previewToken": "nope"}, ("InvalidInputException", "INVALID_ATTRIBUTE")),
        ({"locale": "FR_FR"}, ("InvalidInputException", "INVALID_LOCALE")),
        ({"maxResults": 0}, ("InvalidInputException", "INVALID_MAX_RESULTS")),
        ({"nextToken": "x"}, ("InvalidInputException", "INVALID_PAGINATION_TOKEN")),
        ({"assessmentTemplateArn": "arn"}, ("InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_ARN")),
        (
            {"assessmentTemplateArn": builders.template(9).arn},
            ("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST"),
        ),
    ],
)
def test_rejects_invalid_requests(
    call: Caller, template: str, changed: dict[str, object], expected: tuple[str, str], *, complete: bool
) -> None:
    token = call("CreateExclusionsPreview", assessmentTemplateArn=template)["previewToken"]
    if complete:
        call.built.stores.previews.complete(token, ())
    asked = {"assessmentTemplateArn": template, "previewToken": token, **changed}
    assert call.refusal("GetExclusionsPreview", **asked) == expected
    if "assessmentTemplateArn" in changed:
        created = call.refusal("CreateExclusionsPreview", assessmentTemplateArn=changed["assessmentTemplateArn"])
        assert created == expected
