"""boto3 against the service: every built operation as a script of the vendor's would use it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from tests.api_compat.steps import make_run, make_template

from openinspector.model.asset import Tag
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.dispatch import built_operations
from openinspector.testing.installation import PACKAGES, BuiltInstallation
from openinspector.testing.model_builders import agent_id, exclusion, finding

TAGS = [{"key": "Environment", "value": "Test"}]


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
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    calls = {name for name in built_operations() if f"client.{xform_name(name)}(" in text}
    assert calls == set(built_operations())
