"""Resource groups and assessment targets."""

from openinspector.model.arn import parse_resource_group_arn, parse_target_arn
from openinspector.model.assessment import AssessmentTarget, ResourceGroup
from openinspector.service.api.listing import Listing, failed_items, tags_of
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import targets as use_cases
from openinspector.service.app.batch import look_up

_TARGETS = Listing(operation="ListAssessmentTargets")


def create_resource_group(services: ApiServices, arguments: Json) -> Json:
    """Add a resource group."""
    arn = use_cases.create_resource_group(services.installation, tags_of(arguments["resourceGroupTags"]))
    return {"resourceGroupArn": arn}


def describe_resource_groups(services: ApiServices, arguments: Json) -> Json:
    """Return resource groups by ARN."""
    find = services.installation.assessments.resource_groups_by_arn
    batch = look_up(arguments["resourceGroupArns"], parse_resource_group_arn, find)
    return {
        "resourceGroups": [_group(group) for group in batch.found.values()],
        "failedItems": failed_items(batch.failed),
    }


def create_assessment_target(services: ApiServices, arguments: Json) -> Json:
    """Add a target."""
    name, group = arguments["assessmentTargetName"], arguments.get("resourceGroupArn")
    return {"assessmentTargetArn": use_cases.create_target(services.installation, name, group)}


def update_assessment_target(services: ApiServices, arguments: Json) -> None:
    """Rename a target; set or clear its resource group."""
    use_cases.update_target(
        services.installation,
        arguments["assessmentTargetArn"],
        arguments["assessmentTargetName"],
        arguments.get("resourceGroupArn"),
    )


def delete_assessment_target(services: ApiServices, arguments: Json) -> None:
    """Delete a target and everything below it."""
    use_cases.delete_target(services.installation, arguments["assessmentTargetArn"])


def describe_assessment_targets(services: ApiServices, arguments: Json) -> Json:
    """Return targets by ARN."""
    find = services.installation.assessments.targets_by_arn
    batch = look_up(arguments["assessmentTargetArns"], parse_target_arn, find)
    return {
        "assessmentTargets": [_target(target) for target in batch.found.values()],
        "failedItems": failed_items(batch.failed),
    }


def list_assessment_targets(services: ApiServices, arguments: Json) -> Json:
    """List target ARNs."""
    pattern = arguments.get("filter", {}).get("assessmentTargetNamePattern")
    rows, more = _TARGETS.page(
        services, arguments, lambda page: services.installation.assessments.list_targets(pattern, page)
    )
    return {"assessmentTargetArns": [target.arn for target in rows], **more}


def _group(group: ResourceGroup) -> Json:
    return {"arn": group.arn, "tags": group.tags, "createdAt": group.created_at}


def _target(target: AssessmentTarget) -> Json:
    return {
        "arn": target.arn,
        "name": target.name,
        "resourceGroupArn": target.resource_group_arn,
        "createdAt": target.created_at,
        "updatedAt": target.updated_at,
    }
