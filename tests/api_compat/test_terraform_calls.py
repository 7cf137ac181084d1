"""The calls of Terraform's aws provider for its Inspector resources, one after another, with what it reads of each.

https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/inspector
"""

from typing import Any

from tests.api_compat.assessments import refusal, start_run
from tests.api_compat.endpoint import Endpoint


def read_target(client: Any, arn: str) -> Any:
    """Return the target, None if the provider would remove it from its state."""
    found = client.describe_assessment_targets(assessmentTargetArns=[arn])["assessmentTargets"]
    return next((target for target in found if target["arn"] == arn), None)


def read_template(client: Any, arn: str) -> Any:
    """Return the template with its tags and subscriptions, None if it is gone."""
    found = client.describe_assessment_templates(assessmentTemplateArns=[arn])["assessmentTemplates"]
    if not found:
        return None
    tags = {tag["key"]: tag["value"] for tag in client.list_tags_for_resource(resourceArn=arn)["tags"]}
    pages = client.get_paginator("list_event_subscriptions").paginate(resourceArn=arn)
    subscriptions = [one for page in pages for one in page["subscriptions"]]
    return {**found[0], "tags": tags, "subscriptions": subscriptions}


def test_apply_change_and_destroy(client: Any, endpoint: Endpoint) -> None:
    packages = client.list_rules_packages()["rulesPackageArns"]
    group = client.create_resource_group(resourceGroupTags=[{"key": "Env", "value": "test"}])["resourceGroupArn"]
    (described,) = client.describe_resource_groups(resourceGroupArns=[group])["resourceGroups"]
    assert (described["arn"], described["tags"]) == (group, [{"key": "Env", "value": "test"}])

    target = client.create_assessment_target(assessmentTargetName="web", resourceGroupArn=group)["assessmentTargetArn"]
    assert read_target(client, target)["resourceGroupArn"] == group

    template = client.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName="nightly",
        durationInSeconds=3600,
        rulesPackageArns=packages,
    )["assessmentTemplateArn"]
    client.set_tags_for_resource(resourceArn=template, tags=[{"key": "Name", "value": "nightly"}])
    read = read_template(client, template)
    assert (read["name"], read["assessmentTargetArn"], read["durationInSeconds"]) == ("nightly", target, 3600)
    assert sorted(read["rulesPackageArns"]) == sorted(packages)
    assert (read["tags"], read["subscriptions"]) == ({"Name": "nightly"}, [])
    assert read == read_template(client, template), "a second plan must be empty"

    client.set_tags_for_resource(resourceArn=template, tags=[{"key": "Team", "value": "blue"}])
    assert read_template(client, template)["tags"] == {"Team": "blue"}
    client.set_tags_for_resource(resourceArn=template)
    assert read_template(client, template)["tags"] == {}
    client.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="web")
    assert "resourceGroupArn" not in read_target(client, target)

    run = start_run(client, template)
    # The provider repeats a deletion while this is its answer.
    assert (
        refusal(client, "delete_assessment_target", assessmentTargetArn=target)[1] == "AssessmentRunInProgressException"
    )
    endpoint.built.end_run(run)
    client.delete_assessment_template(assessmentTemplateArn=template)
    client.delete_assessment_target(assessmentTargetArn=target)
    assert (read_template(client, template), read_target(client, target)) == (None, None)
