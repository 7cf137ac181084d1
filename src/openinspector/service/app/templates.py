"""Assessment templates and their tags (F4.15 to F4.27)."""

from dataclasses import dataclass

from openinspector.model.arn import TemplateArn, template_arn
from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.asset import Tag
from openinspector.model.finding import Attribute
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, LimitExceeded, RunInProgress
from openinspector.service.app.installation import Installation
from openinspector.service.app.targets import forget_below, forget_runs
from openinspector.service.ports.assessment_store import MissingError, NameTakenError, QuotaError, RunInProgressError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """What a template is to be; texts as they were given."""

    target_arn: str
    name: str
    duration_seconds: int
    rules_package_arns: tuple[str, ...]
    user_attributes: tuple[Attribute, ...]


def create_template(installation: Installation, wanted: NewTemplate) -> TemplateArn:
    """Add a template; InvalidInput, NoSuchEntity, LimitExceeded."""
    target = arguments.existing_target(installation, wanted.target_arn)
    packages = arguments.known_packages(installation, wanted.rules_package_arns)
    check_distinct(tuple(attribute.key for attribute in wanted.user_attributes), "INVALID_USER_ATTRIBUTE_KEY")
    template = AssessmentTemplate(
        arn=template_arn(target.arn, installation.new_id()),
        name=wanted.name,
        target_arn=target.arn,
        duration_seconds=wanted.duration_seconds,
        rules_package_arns=packages,
        user_attributes=wanted.user_attributes,
        created_at=installation.clock.now(),
    )
    try:
        installation.assessments.add_template(template, most=installation.quotas.templates)
    except QuotaError as error:
        raise LimitExceeded("ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
    except NameTakenError as error:
        raise InvalidInput(
            "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN", f"Another template of the target is named {wanted.name!r}."
        ) from error
    except MissingError as error:
        raise arguments.no_such("ASSESSMENT_TARGET_DOES_NOT_EXIST", wanted.target_arn) from error
    return template.arn


def delete_template(installation: Installation, arn: str) -> None:
    """Delete a template and everything below it; InvalidInput, NoSuchEntity, RunInProgress."""
    template = arguments.template_arn(arn)
    try:
        runs = installation.assessments.delete_template(template)
    except MissingError as error:
        raise arguments.no_such("ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", arn) from error
    except RunInProgressError as error:
        raise RunInProgress(error.runs) from error
    forget_below(installation, template)
    forget_runs(installation, runs)


def tags_of(installation: Installation, resource: str) -> tuple[Tag, ...]:
    """Return a template's tags (F4.23); InvalidInput, NoSuchEntity."""
    template = arguments.existing_template(installation, resource, "INVALID_RESOURCE_ARN")
    try:
        return installation.assessments.template_tags(template.arn)
    except MissingError as error:
        raise arguments.no_such("ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", resource) from error


def set_tags(installation: Installation, resource: str, tags: tuple[Tag, ...]) -> None:
    """Replace a template's whole set of tags (F4.23, F4.24); InvalidInput, NoSuchEntity."""
    template = arguments.existing_template(installation, resource, "INVALID_RESOURCE_ARN")
    check_distinct(tuple(tag.key for tag in tags), "INVALID_TAG_KEY")
    try:
        installation.assessments.replace_template_tags(template.arn, tags)
    except MissingError as error:
        raise arguments.no_such("ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", resource) from error


def check_distinct(keys: tuple[str, ...], code: str) -> None:
    """Raise InvalidInput where a key is given twice."""
    for key in keys:
        if keys.count(key) > 1:
            raise InvalidInput(code, f"The key {key!r} is given more than once.")
