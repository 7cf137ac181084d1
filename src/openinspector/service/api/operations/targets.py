"""Resource groups and assessment targets."""

from functools import partial

from openinspector.model.assessment import AssessmentTarget, ResourceGroup
from openinspector.service.api.listing import Listing, failed_items, tags_of
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json

_TARGETS = Listing(operation="ListAssessmentTargets")


def create_resource_group(services: ApiServices, arguments: Json) -> Json:
    """Create a resource group."""
    arn = services.app.targets.create_resource_group(tags_of(arguments["resourceGroupTags"]))
    return {"resourceGroupArn": arn}


def describe_resource_groups(services: ApiServices, arguments: Json) -> Json:
    """Return resource groups by ARN."""
    described = services.app.targets.describe_resource_groups(arguments["resourceGroupArns"])
    return {
        "resourceGroups": [_group(group) for group in described.found.values()],
        "failedItems": failed_items(described.failed),
    }


def create_assessment_target(services: ApiServices, arguments: Json) -> Json:
    """Create a target."""
    name, group = arguments["assessmentTargetName"], arguments.get("resourceGroupArn")
    return {"assessmentTargetArn": services.app.targets.create(name, group)}


def update_assessment_target(services: ApiServices, arguments: Json) -> None:
    """Rename a target; set or clear its resource group."""
    services.app.targets.update(
        arguments["assessmentTargetArn"],
        arguments["assessmentTargetName"],
        arguments.get("resourceGroupArn"),
    )


def delete_assessment_target(services: ApiServices, arguments: Json) -> None:
    """Delete a target and everything below it."""
    services.app.targets.delete(arguments["assessmentTargetArn"])


def describe_assessment_targets(services: ApiServices, arguments: Json) -> Json:
    """Return targets by ARN."""
    described = services.app.targets.describe(arguments["assessmentTargetArns"])
    return {
        "assessmentTargets": [_target(target) for target in described.found.values()],
        "failedItems": failed_items(described.failed),
    }


def list_assessment_targets(services: ApiServices, arguments: Json) -> Json:
    """List target ARNs."""
    pattern = arguments.get("filter", {}).get("assessmentTargetNamePattern")
    rows, more = _TARGETS.page(services, arguments, partial(services.app.targets.list_page, pattern))
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
