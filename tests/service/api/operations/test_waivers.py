from datetime import timedelta

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders


@pytest.fixture
def template(call: Caller) -> str:
    return call.template(call.target())


def day(call: Caller, days: int) -> str:
    return (call.built.clock.now() + timedelta(days=days)).date().isoformat()


def test_a_waiver_is_created_listed_and_deleted(call: Caller, template: str) -> None:
    ground = {"part": "SETTING", "key": "PermitRootLogin", "value": "yes"}
    created = call(
        "CreateWaiver",
        assessmentTemplateArn=template,
        issues=["debian_12/5.1.20"],
        agentIds=["i-1"],
        reason="The old backup logs in as root.",
        owner="ops",
        expiresOn=day(call, 30),
        holds=[ground],
    )["waiver"]
    assert created == {
        "arn": created["arn"],
        "assessmentTemplateArn": template,
        "verdict": "ACCEPTED",
        "issues": ["debian_12/5.1.20"],
        "subject": "*",
        "agentIds": ["i-1"],
        "reason": "The old backup logs in as root.",
        "owner": "ops",
        "createdAt": call.built.clock.now().timestamp(),
        "expiresOn": day(call, 30),
        "holds": [ground],
        "ends": [],
        "fromFile": False,
    }
    assert created["arn"].startswith(f"{template}/waiver/0-")
    assert call("ListWaivers") == call("ListWaivers", assessmentTemplateArn=template) == {"waivers": [created]}
    assert call("DeleteWaiver", waiverArn=created["arn"]) == {}
    assert call("ListWaivers") == {"waivers": []}


def test_waivers_that_are_refused(call: Caller, template: str) -> None:
    good = {"assessmentTemplateArn": template, "issues": ["CVE-2026-1"], "reason": "r", "owner": "o"}
    good["expiresOn"] = day(call, 1)
    wrong: tuple[dict[str, object], ...] = (
        {"issues": []},
        {"expiresOn": day(call, -1)},
        {"expiresOn": day(call, 400)},
        {"expiresOn": "2026-13-01"},
        {"reason": " "},
    )
    for changed in wrong:
        assert call.refusal("CreateWaiver", **{**good, **changed}) == ("InvalidInputException", "INVALID_ATTRIBUTE")
    absent = call.refusal("CreateWaiver", **{**good, "assessmentTemplateArn": builders.template(9).arn})
    assert absent == ("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")
    both = call.refusal("CreateWaiver", **good, findingArn=builders.finding(1).arn)
    assert both == ("InvalidInputException", "INVALID_ATTRIBUTE")
    del good["assessmentTemplateArn"], good["issues"]
    finding = call.refusal("CreateWaiver", **good, findingArn=builders.finding(1).arn)
    assert finding == ("NoSuchEntityException", "FINDING_DOES_NOT_EXIST")
    gone = f"{template}/waiver/0-00000000"
    assert call.refused("DeleteWaiver", waiverArn=gone)["message"] == f"The waiver {gone} does not exist."


def test_a_tailoring_is_put_returned_and_deleted(call: Caller, template: str) -> None:
    variables = [{"name": "password_max_age_days", "value": "90"}]
    off = [{"control": "debian_12/1.1.1.1", "reason": "It boots from cramfs."}]
    put = call("PutTailoring", assessmentTemplateArn=template, variables=variables, switchedOffControls=off)
    assert put["tailoring"] == {
        "assessmentTemplateArn": template,
        "variables": variables,
        "switchedOffControls": off,
        "changedAt": call.built.clock.now().timestamp(),
    }
    assert call("GetTailoring", assessmentTemplateArn=template) == put
    call.built.clock.advance(1)
    changed = call("PutTailoring", assessmentTemplateArn=template, variables=variables)["tailoring"]
    assert changed["switchedOffControls"] == []
    assert call("DeleteTailoring", assessmentTemplateArn=template) == {}
    published = {"assessmentTemplateArn": template, "variables": [], "switchedOffControls": []}
    assert call("GetTailoring", assessmentTemplateArn=template) == {"tailoring": published}


@pytest.mark.parametrize(
    "wrong",
    [
        {"variables": [{"name": "nonsense", "value": "1"}]},
        {"variables": [{"name": "password_max_age_days", "value": "soon"}]},
        {"switchedOffControls": [{"control": "1.1.1.1", "reason": "r"}]},
        {"switchedOffControls": [{"control": "debian_12/99.9", "reason": "r"}]},
        {"switchedOffControls": [{"control": "debian_12/1.1.1.1", "reason": " "}]},
    ],
)
def test_tailorings_that_are_refused(call: Caller, template: str, wrong: dict[str, object]) -> None:
    refused = call.refusal("PutTailoring", assessmentTemplateArn=template, **wrong)
    assert refused == ("InvalidInputException", "INVALID_ATTRIBUTE")


def test_the_waivers_of_a_file_replace_those_of_the_last_one_and_keep_what_did_not_change(
    call: Caller, template: str
) -> None:
    entry = {"reason": "r", "owner": "o", "expiresOn": day(call, 30)}
    by_hand = call("CreateWaiver", assessmentTemplateArn=template, issues=["CVE-2026-1"], **entry)["waiver"]

    def put(*issues: str) -> dict[str, str]:
        waivers = [{"issues": [issue], **entry} for issue in issues]
        call("PutTailoring", assessmentTemplateArn=template, waivers=waivers)
        return {one["issues"][0]: one["arn"] for one in call("ListWaivers")["waivers"] if one["fromFile"]}

    first = put("a_rule", "b_rule")
    second = put("b_rule", "c_rule")
    assert set(second) == {"b_rule", "c_rule"}
    assert second["b_rule"] == first["b_rule"]
    call("PutTailoring", assessmentTemplateArn=template)
    assert len(call("ListWaivers")["waivers"]) == 3, "a tailoring without waivers leaves them alone"
    assert put() == {}
    assert call("ListWaivers")["waivers"] == [by_hand]
