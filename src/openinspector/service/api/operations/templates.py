"""Assessment templates and their tags."""

from functools import partial

from openinspector.service.api.listing import Listing, attributes_of, duration_range, failed_items, tags_of
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.templates import DescribedTemplate, NewTemplate
from openinspector.service.ports.assessment_store import TemplateFilter

_TEMPLATES = Listing(operation="ListAssessmentTemplates")


def create_assessment_template(services: ApiServices, arguments: Json) -> Json:
    """Create a template."""
    wanted = NewTemplate(
        target_arn=arguments["assessmentTargetArn"],
        name=arguments["assessmentTemplateName"],
        duration_seconds=arguments["durationInSeconds"],
        rules_package_arns=tuple(arguments["rulesPackageArns"]),
        user_attributes=attributes_of(arguments.get("userAttributesForFindings", [])),
    )
    return {"assessmentTemplateArn": services.app.templates.create(wanted)}


def delete_assessment_template(services: ApiServices, arguments: Json) -> None:
    """Delete a template and everything below it."""
    services.app.templates.delete(arguments["assessmentTemplateArn"])


def describe_assessment_templates(services: ApiServices, arguments: Json) -> Json:
    """Return templates by ARN."""
    described = services.app.templates.describe(arguments["assessmentTemplateArns"])
    return {
        "assessmentTemplates": [_template(one) for one in described.found.values()],
        "failedItems": failed_items(described.failed),
    }


def list_assessment_templates(services: ApiServices, arguments: Json) -> Json:
    """List template ARNs of the given targets, or of all."""
    asked = arguments.get("filter", {})
    wanted = TemplateFilter(
        name_pattern=asked.get("namePattern"),
        duration=duration_range(asked.get("durationRange", {}), "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE"),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in asked.get("rulesPackageArns", [])),
    )
    list_page = partial(services.app.templates.list_page, arguments.get("assessmentTargetArns", []), wanted)
    rows, more = _TEMPLATES.page(services, arguments, list_page)
    return {"assessmentTemplateArns": [template.arn for template in rows], **more}


def set_tags_for_resource(services: ApiServices, arguments: Json) -> None:
    """Replace a template's tags."""
    services.app.templates.set_tags(arguments["resourceArn"], tags_of(arguments.get("tags", [])))


def list_tags_for_resource(services: ApiServices, arguments: Json) -> Json:
    """Return a template's tags."""
    return {"tags": services.app.templates.tags(arguments["resourceArn"])}


def _template(described: DescribedTemplate) -> Json:
    template, totals = described.template, described.totals
    return {
        "arn": template.arn,
        "name": template.name,
        "assessmentTargetArn": template.target_arn,
        "durationInSeconds": template.duration_seconds,
        "rulesPackageArns": template.rules_package_arns,
        "userAttributesForFindings": template.user_attributes,
        "lastAssessmentRunArn": totals.last_run_arn,
        "assessmentRunCount": totals.count,
        "createdAt": template.created_at,
    }
