"""Arguments that name something: parsed, and looked up where they must exist."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from openinspector.model import arn as arns
from openinspector.model.arn import ResourceGroupArn, RulesPackageArn, RunArn, ScheduleArn, TargetArn, TemplateArn
from openinspector.model.assessment import AssessmentRun, AssessmentTarget, AssessmentTemplate, ResourceGroup
from openinspector.model.errors import ModelError
from openinspector.service.app.errors import InvalidInput, NoSuchEntity
from openinspector.service.app.installation import Installation

A = TypeVar("A")


def resource_group_arn(text: str) -> ResourceGroupArn:
    """Return a resource group's ARN; InvalidInput."""
    return _parsed(arns.parse_resource_group_arn, text, "INVALID_RESOURCE_GROUP_ARN")


def target_arn(text: str) -> TargetArn:
    """Return a target's ARN; InvalidInput."""
    return _parsed(arns.parse_target_arn, text, "INVALID_ASSESSMENT_TARGET_ARN")


def template_arn(text: str, code: str = "INVALID_ASSESSMENT_TEMPLATE_ARN") -> TemplateArn:
    """Return a template's ARN; InvalidInput."""
    return _parsed(arns.parse_template_arn, text, code)


def run_arn(text: str) -> RunArn:
    """Return a run's ARN; InvalidInput."""
    return _parsed(arns.parse_run_arn, text, "INVALID_ASSESSMENT_RUN_ARN")


def schedule_arn(text: str) -> ScheduleArn:
    """Return a schedule's ARN; InvalidInput."""
    return _parsed(arns.parse_schedule_arn, text, "INVALID_RESOURCE_ARN")


def rules_package_arn(text: str) -> RulesPackageArn:
    """Return a rules package's ARN; InvalidInput."""
    return _parsed(arns.parse_rules_package_arn, text, "INVALID_RULES_PACKAGE_ARN")


def existing_group(installation: Installation, text: str) -> ResourceGroup:
    """Return the resource group an argument names; InvalidInput, NoSuchEntity."""
    arn = resource_group_arn(text)
    found = installation.assessments.resource_groups_by_arn([arn]).get(arn)
    return _existing(found, "RESOURCE_GROUP_DOES_NOT_EXIST", text)


def existing_target(installation: Installation, text: str) -> AssessmentTarget:
    """Return the target an argument names; InvalidInput, NoSuchEntity."""
    arn = target_arn(text)
    found = installation.assessments.targets_by_arn([arn]).get(arn)
    return _existing(found, "ASSESSMENT_TARGET_DOES_NOT_EXIST", text)


def existing_template(
    installation: Installation, text: str, code: str = "INVALID_ASSESSMENT_TEMPLATE_ARN"
) -> AssessmentTemplate:
    """Return the template an argument names; InvalidInput, NoSuchEntity."""
    arn = template_arn(text, code)
    found = installation.assessments.templates_by_arn([arn]).get(arn)
    return _existing(found, "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", text)


def existing_run(installation: Installation, text: str) -> AssessmentRun:
    """Return the run an argument names; InvalidInput, NoSuchEntity."""
    arn = run_arn(text)
    found = installation.assessments.runs_by_arn([arn]).get(arn)
    return _existing(found, "ASSESSMENT_RUN_DOES_NOT_EXIST", text)


def known_packages(installation: Installation, texts: Sequence[str]) -> tuple[RulesPackageArn, ...]:
    """Return the rules packages arguments name, each once; InvalidInput, NoSuchEntity."""
    known = {package.arn for package in installation.rules_packages}
    wanted = tuple(dict.fromkeys(rules_package_arn(text) for text in texts))
    for arn in wanted:
        if arn not in known:
            raise no_such("RULES_PACKAGE_DOES_NOT_EXIST", arn)
    return wanted


def no_such(code: str, text: str) -> NoSuchEntity:
    """Return the error that says what does not exist."""
    return NoSuchEntity(code, f"{text} does not exist.")


def _existing(found: A | None, code: str, text: str) -> A:
    if found is None:
        raise no_such(code, text)
    return found


def _parsed(parse: Callable[[str], A], text: str, code: str) -> A:
    try:
        return parse(text)
    except ModelError as error:
        raise InvalidInput(code, f"{error}.") from error
