"""boto3 against the service: every built operation as a script of the vendor's would use it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.asset import Tag
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.dispatch import built_operations
from openinspector.service.api.model import load_model
from openinspector.testing.installation import PACKAGES, BuiltInstallation
from openinspector.testing.model_builders import agent_id, exclusion, finding

NOT_BUILT = sorted(load_model().operations.keys() - built_operations().keys())
TAGS = [{"key": "Environment", "value": "Test"}]


def make_template(client: Any, **fields: Any) -> str:
    target = client.create_assessment_target(assessmentTargetName="all hosts")["assessmentTargetArn"]
    given = {"durationInSeconds": 180, "rulesPackageArns": [PACKAGES[0].arn], **fields}
    made = client.create_assessment_template(assessmentTargetArn=target, assessmentTemplateName="nightly", **given)
    return str(made["assessmentTemplateArn"])


def make_run(client: Any, **fields: Any) -> RunArn:
    template = make_template(client, **fields)
    return RunArn(client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])


def test_resource_groups(client: Any, built: BuiltInstallation) -> None:
    arn = client.create_resource_group(resourceGroupTags=TAGS)["resourceGroupArn"]
    answer = client.describe_resource_groups(resourceGroupArns=[arn, arn[:-1] + "_"])
    (group,) = answer["resourceGroups"]
    assert (group["arn"], group["tags"]) == (arn, TAGS)
    assert abs(group["createdAt"] - built.clock.now()).total_seconds() < 1e-3
    assert answer["failedItems"] == {arn[:-1] + "_": {"failureCode": "INVALID_ARN", "retryable": False}}
    assert len(answer["ResponseMetadata"]["RequestId"]) == len("00000000-0000-0000-0000-000000000000")


def test_targets(client: Any) -> None:
    group = client.create_resource_group(resourceGroupTags=TAGS)["resourceGroupArn"]
    arn = client.create_assessment_target(assessmentTargetName="web", resourceGroupArn=group)["assessmentTargetArn"]
    client.update_assessment_target(assessmentTargetArn=arn, assessmentTargetName="web servers")
    (target,) = client.describe_assessment_targets(assessmentTargetArns=[arn])["assessmentTargets"]
    assert target["name"] == "web servers"
    assert "resourceGroupArn" not in target
    assert client.list_assessment_targets(filter={"assessmentTargetNamePattern": "web*"})["assessmentTargetArns"] == [
        arn
    ]
    client.delete_assessment_target(assessmentTargetArn=arn)
    assert client.list_assessment_targets()["assessmentTargetArns"] == []


def test_templates_and_their_tags(client: Any) -> None:
    arn = make_template(client, userAttributesForFindings=[{"key": "Team", "value": "Blue"}])
    (template,) = client.describe_assessment_templates(assessmentTemplateArns=[arn])["assessmentTemplates"]
    assert (template["durationInSeconds"], template["assessmentRunCount"]) == (180, 0)
    assert template["userAttributesForFindings"] == [{"key": "Team", "value": "Blue"}]
    client.set_tags_for_resource(resourceArn=arn, tags=TAGS)
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == TAGS
    client.set_tags_for_resource(resourceArn=arn)
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == []
    asked = {"durationRange": {"minSeconds": 180, "maxSeconds": 180}, "rulesPackageArns": [PACKAGES[0].arn]}
    assert client.list_assessment_templates(filter=asked)["assessmentTemplateArns"] == [arn]
    client.delete_assessment_template(assessmentTemplateArn=arn)
    assert client.list_assessment_templates()["assessmentTemplateArns"] == []


def test_a_run_from_start_to_deletion(client: Any, built: BuiltInstallation) -> None:
    built.heard(1)
    arn = make_run(client)
    (run,) = client.describe_assessment_runs(assessmentRunArns=[arn])["assessmentRuns"]
    assert (run["name"], run["state"], run["dataCollected"]) == ("Run 1 for nightly", "CREATED", False)
    assert isinstance(run["createdAt"], datetime)
    assert set(run["findingCounts"]) == {"High", "Medium", "Low", "Informational", "Undefined"}
    client.stop_assessment_run(assessmentRunArn=arn)
    client.stop_assessment_run(assessmentRunArn=arn, stopAction="SKIP_EVALUATION")
    built.reached(arn, AssessmentRunState.CANCELED)
    client.stop_assessment_run(assessmentRunArn=arn)
    ended = {"states": ["CANCELED"], "completionTimeRange": {"endDate": built.clock.now()}}
    assert client.list_assessment_runs(filter=ended)["assessmentRunArns"] == [arn]
    client.delete_assessment_run(assessmentRunArn=arn)
    assert client.list_assessment_runs()["assessmentRunArns"] == []


def test_agents_and_telemetry(client: Any, built: BuiltInstallation) -> None:
    agent = built.heard(1, tags=(Tag(key="Environment", value="Test"),))
    built.heard(2)
    arn = make_run(client)
    target = arn.split("/template")[0]
    previews = client.preview_agents(previewAgentsArn=target)["agentPreviews"]
    assert [one["agentId"] for one in previews] == [agent_id(1), agent_id(2)]
    assert previews[0]["agentHealth"] == "HEALTHY"
    built.sent(arn, agent, InspectorPackageInfo=(3, 300), InspectorUser=(2, 20))
    asked = {"agentHealths": ["HEALTHY"], "agentHealthCodes": []}
    listed = client.list_assessment_run_agents(assessmentRunArn=arn, filter=asked)["assessmentRunAgents"]
    assert [len(one["telemetryMetadata"]) for one in listed] == [3, 0]
    totals = client.get_telemetry_metadata(assessmentRunArn=arn)["telemetryMetadata"]
    assert {"messageType": "Total", "count": 5, "dataSize": 320} in totals


def test_findings(client: Any, built: BuiltInstallation) -> None:
    run = make_run(client)
    built.produced(*(finding(number, run) for number in range(12)))
    arns = client.list_findings(assessmentRunArns=[run], filter={"severities": ["Medium"]}, maxResults=12)[
        "findingArns"
    ]
    assert len(arns) == 12
    found = client.describe_findings(findingArns=arns[:10], locale="EN_US")["findings"]
    assert [one["arn"] for one in found] == arns[:10]
    assert (found[0]["severity"], found[0]["numericSeverity"], found[0]["confidence"]) == ("Medium", 6.0, 10)
    client.add_attributes_to_findings(findingArns=arns[:1], attributes=[{"key": "Engineer", "value": "Bob"}])
    asked = {"userAttributes": [{"key": "Engineer", "value": "Bob"}]}
    assert client.list_findings(filter=asked)["findingArns"] == arns[:1]
    failed = client.remove_attributes_from_findings(
        findingArns=[arns[0], arns[1], finding(99, run).arn], attributeKeys=["Engineer"]
    )["failedItems"]
    assert [one["failureCode"] for one in failed.values()] == ["ITEM_DOES_NOT_EXIST"]
    assert client.list_findings(filter=asked)["findingArns"] == []


def test_exclusions_are_a_map(client: Any, built: BuiltInstallation) -> None:
    run = make_run(client)
    built.produced(exclusion(1, run), exclusion(2, run))
    arns = client.list_exclusions(assessmentRunArn=run)["exclusionArns"]
    answer = client.describe_exclusions(exclusionArns=[*arns, exclusion(9, run).arn])
    assert list(answer["exclusions"]) == arns
    assert answer["exclusions"][arns[0]]["title"] == "Agent not found"
    assert answer["failedItems"][exclusion(9, run).arn]["failureCode"] == "ITEM_DOES_NOT_EXIST"


def test_rules_packages(client: Any) -> None:
    arns = client.list_rules_packages()["rulesPackageArns"]
    assert sorted(arns) == sorted(package.arn for package in PACKAGES)
    packages = client.describe_rules_packages(rulesPackageArns=arns)["rulesPackages"]
    assert {package["name"] for package in packages} >= {"Security Best Practices", "Network Reachability"}


@pytest.mark.parametrize(
    ("paginator", "member", "size"),
    [("list_assessment_targets", "assessmentTargetArns", 1), ("list_rules_packages", "rulesPackageArns", 3)],
)
def test_paginators_reach_the_end(client: Any, paginator: str, member: str, size: int) -> None:
    for number in range(3):
        client.create_assessment_target(assessmentTargetName=f"target {number}")
    pages = list(client.get_paginator(paginator).paginate(PaginationConfig={"PageSize": size}))
    arns = [arn for page in pages for arn in page[member]]
    assert (
        len(arns) == len(set(arns)) == {"list_assessment_targets": 3, "list_rules_packages": len(PACKAGES)}[paginator]
    )
    assert len(pages) == -(-len(arns) // size)


def test_findings_are_paginated(client: Any, built: BuiltInstallation) -> None:
    run = make_run(client)
    built.produced(*(finding(number, run) for number in range(250)))
    pages = list(client.get_paginator("list_findings").paginate(PaginationConfig={"PageSize": 500}))
    assert [len(page["findingArns"]) for page in pages] == [100, 100, 50]


def test_every_operation_has_its_success_here() -> None:
    text = open(__file__).read()
    calls = {name for name in built_operations() if f"client.{boto3.utils.xform_name(name)}(" in text}
    assert calls == set(built_operations())


def code_of(refusal: pytest.ExceptionInfo[ClientError]) -> tuple[str, object]:
    return refusal.value.response["Error"]["Code"], refusal.value.response.get("errorCode")


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("create_resource_group", {"resourceGroupTags": [{"key": "k"}] * 11}, "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ("create_assessment_target", {"assessmentTargetName": "x" * 141}, "INVALID_ASSESSMENT_TARGET_NAME"),
        ("list_findings", {"maxResults": 0}, "INVALID_MAX_RESULTS"),
        ("list_findings", {"maxResults": 501}, "INVALID_MAX_RESULTS"),
        ("list_findings", {"nextToken": "nope"}, "INVALID_PAGINATION_TOKEN"),
        ("describe_findings", {"findingArns": ["a"] * 11}, "INVALID_NUMBER_OF_FINDING_ARNS"),
        ("describe_findings", {"findingArns": ["a"], "locale": "FR_FR"}, "INVALID_LOCALE"),
        ("list_assessment_runs", {"filter": {"states": ["DONE"]}}, "INVALID_ASSESSMENT_RUN_STATE"),
        ("stop_assessment_run", {"assessmentRunArn": "arn:aws:x"}, "INVALID_ASSESSMENT_RUN_ARN"),
    ],
)
def test_what_botocore_does_not_check_is_refused(
    client: Any, operation: str, arguments: dict[str, Any], expected: str
) -> None:
    with pytest.raises(client.exceptions.InvalidInputException) as refusal:
        getattr(client, operation)(**arguments)
    assert code_of(refusal) == ("InvalidInputException", expected)
    assert refusal.value.response["canRetry"] is False
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_does_not_exist(client: Any) -> None:
    target = client.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    client.delete_assessment_target(assessmentTargetArn=target)
    with pytest.raises(client.exceptions.NoSuchEntityException) as refusal:
        client.delete_assessment_target(assessmentTargetArn=target)
    assert code_of(refusal) == ("NoSuchEntityException", "ASSESSMENT_TARGET_DOES_NOT_EXIST")


def test_names_are_taken_once(client: Any) -> None:
    client.create_assessment_target(assessmentTargetName="web")
    with pytest.raises(client.exceptions.InvalidInputException) as refusal:
        client.create_assessment_target(assessmentTargetName="web")
    assert code_of(refusal) == ("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN")


def test_a_run_in_progress_is_kept(client: Any) -> None:
    run = make_run(client)
    with pytest.raises(client.exceptions.AssessmentRunInProgressException) as refusal:
        client.delete_assessment_target(assessmentTargetArn=run.split("/template")[0])
    assert refusal.value.response["assessmentRunArns"] == [run]
    assert refusal.value.response["assessmentRunArnsTruncated"] is False


def test_a_host_is_in_one_run_at_a_time(client: Any, built: BuiltInstallation) -> None:
    hosts = [built.heard(number).id for number in range(1, 13)]
    template = make_template(client)
    run = client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    with pytest.raises(client.exceptions.AgentsAlreadyRunningAssessmentException) as refusal:
        client.start_assessment_run(assessmentTemplateArn=template)
    expected = [{"agentId": AgentId(host), "assessmentRunArn": run} for host in hosts[:10]]
    assert refusal.value.response["agents"] == expected
    assert refusal.value.response["agentsTruncated"] is True


def test_quotas_are_kept(client: Any, built: BuiltInstallation) -> None:
    for number in range(built.installation.quotas.targets):
        client.create_assessment_target(assessmentTargetName=f"target {number}")
    with pytest.raises(client.exceptions.LimitExceededException) as refusal:
        client.create_assessment_target(assessmentTargetName="one more")
    assert code_of(refusal) == ("LimitExceededException", "ASSESSMENT_TARGET_LIMIT_EXCEEDED")


@pytest.mark.parametrize("operation", NOT_BUILT)
def test_an_operation_that_is_not_built_says_so(client_of: Callable[..., Any], key: Any, operation: str) -> None:
    client = client_of(key.id, key.secret, config={"parameter_validation": False})
    shape = load_model().operations[operation].input
    given = {
        member: {"UUID": "0a1b2c3d-0000-4000-8000-000000000000"}.get(kind)
        or next(iter(load_model().shapes[kind].enum), "a")
        for member, kind in (load_model().shapes[shape].members if shape else {}).items()
        if shape and member in load_model().shapes[shape].required
    }
    with pytest.raises(client.exceptions.UnsupportedFeatureException, match="does not have the operation"):
        getattr(client, boto3.utils.xform_name(operation))(**given)
