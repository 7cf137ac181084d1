"""Assessment templates and their tags."""

from openinspector.model.arn import parse_template_arn
from openinspector.model.assessment import AssessmentTemplate
from openinspector.service.api.listing import Listing, attributes_of, duration_range, failed_items, tags_of
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app import templates as use_cases
from openinspector.service.app.batch import look_up
from openinspector.service.ports.assessment_store import RunTotals, TemplateFilter

_TEMPLATES = Listing(operation="ListAssessmentTemplates")


def create_assessment_template(services: ApiServices, arguments: Json) -> Json:
    """Add a template."""
    wanted = use_cases.NewTemplate(
        target_arn=arguments["assessmentTargetArn"],
        name=arguments["assessmentTemplateName"],
        duration_seconds=arguments["durationInSeconds"],
        rules_package_arns=tuple(arguments["rulesPackageArns"]),
        user_attributes=attributes_of(arguments.get("userAttributesForFindings", [])),
    )
    return {"assessmentTemplateArn": use_cases.create_template(services.installation, wanted)}


def delete_assessment_template(services: ApiServices, arguments: Json) -> None:
    """Delete a template and everything below it."""
    use_cases.delete_template(services.installation, arguments["assessmentTemplateArn"])


def describe_assessment_templates(services: ApiServices, arguments: Json) -> Json:
    """Return templates by ARN."""
    store = services.installation.assessments
    batch = look_up(arguments["assessmentTemplateArns"], parse_template_arn, store.templates_by_arn)
    totals = store.run_totals(list(batch.found))
    return {
        "assessmentTemplates": [_template(template, totals[arn]) for arn, template in batch.found.items()],
        "failedItems": failed_items(batch.failed),
    }


def list_assessment_templates(services: ApiServices, arguments: Json) -> Json:
    """List template ARNs, of given targets or all."""
    asked = arguments.get("filter", {})
    wanted = TemplateFilter(
        target_arns=tuple(
            named.existing_target(services.installation, arn).arn for arn in arguments.get("assessmentTargetArns", [])
        ),
        name_pattern=asked.get("namePattern"),
        duration=duration_range(asked.get("durationRange", {}), "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE"),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in asked.get("rulesPackageArns", [])),
    )
    rows, more = _TEMPLATES.page(
        services, arguments, lambda page: services.installation.assessments.list_templates(wanted, page)
    )
    return {"assessmentTemplateArns": [template.arn for template in rows], **more}


def set_tags_for_resource(services: ApiServices, arguments: Json) -> None:
    """Replace a template's tags."""
    use_cases.set_tags(services.installation, arguments["resourceArn"], tags_of(arguments.get("tags", [])))


def list_tags_for_resource(services: ApiServices, arguments: Json) -> Json:
    """Return a template's tags."""
    return {"tags": use_cases.tags_of(services.installation, arguments["resourceArn"])}


def _template(template: AssessmentTemplate, totals: RunTotals) -> Json:
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
