"""Parse ARNs given as text, and look up what they must name."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from openinspector.model import arn as arns
from openinspector.model.arn import (
    FindingArn,
    ResourceGroupArn,
    RulesPackageArn,
    RunArn,
    ScheduleArn,
    TargetArn,
    TemplateArn,
    WaiverArn,
)
from openinspector.model.assessment import AssessmentRun, AssessmentTarget, AssessmentTemplate, ResourceGroup
from openinspector.model.errors import ModelError
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.errors import InvalidInput, NoSuchEntity
from openinspector.service.ports.assessment_store import AssessmentStore

A = TypeVar("A")


def resource_group_arn(text: str) -> ResourceGroupArn:
    """Parse the ARN of a resource group; InvalidInput."""
    return _parsed(arns.parse_resource_group_arn, text, "INVALID_RESOURCE_GROUP_ARN")


def target_arn(text: str) -> TargetArn:
    """Parse the ARN of a target; InvalidInput."""
    return _parsed(arns.parse_target_arn, text, "INVALID_ASSESSMENT_TARGET_ARN")


def template_arn(text: str, code: str = "INVALID_ASSESSMENT_TEMPLATE_ARN") -> TemplateArn:
    """Parse the ARN of a template; InvalidInput."""
    return _parsed(arns.parse_template_arn, text, code)


def run_arn(text: str) -> RunArn:
    """Parse the ARN of a run; InvalidInput."""
    return _parsed(arns.parse_run_arn, text, "INVALID_ASSESSMENT_RUN_ARN")


def schedule_arn(text: str) -> ScheduleArn:
    """Parse the ARN of a schedule; InvalidInput."""
    return _parsed(arns.parse_schedule_arn, text, "INVALID_RESOURCE_ARN")


def waiver_arn(text: str) -> WaiverArn:
    """Parse the ARN of a waiver; InvalidInput."""
    return _parsed(arns.parse_waiver_arn, text, "INVALID_RESOURCE_ARN")


def finding_arn(text: str) -> FindingArn:
    """Parse the ARN of a finding; InvalidInput."""
    return _parsed(arns.parse_finding_arn, text, "INVALID_FINDING_ARN")


def rules_package_arn(text: str) -> RulesPackageArn:
    """Parse the ARN of a rules package; InvalidInput."""
    return _parsed(arns.parse_rules_package_arn, text, "INVALID_RULES_PACKAGE_ARN")


def existing_group(assessments: AssessmentStore, text: str) -> ResourceGroup:
    """Return the resource group that ``text`` names; InvalidInput, NoSuchEntity."""
    arn = resource_group_arn(text)
    found = assessments.resource_groups_by_arn([arn]).get(arn)
    return _existing(found, "RESOURCE_GROUP_DOES_NOT_EXIST", text)


def existing_target(assessments: AssessmentStore, text: str) -> AssessmentTarget:
    """Return the target that ``text`` names; InvalidInput, NoSuchEntity."""
    arn = target_arn(text)
    found = assessments.targets_by_arn([arn]).get(arn)
    return _existing(found, "ASSESSMENT_TARGET_DOES_NOT_EXIST", text)


def existing_template(
    assessments: AssessmentStore, text: str, code: str = "INVALID_ASSESSMENT_TEMPLATE_ARN"
) -> AssessmentTemplate:
    """Return the template that ``text`` names; InvalidInput, NoSuchEntity."""
    arn = template_arn(text, code)
    found = assessments.templates_by_arn([arn]).get(arn)
    return _existing(found, "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", text)


def existing_run(assessments: AssessmentStore, text: str) -> AssessmentRun:
    """Return the run that ``text`` names; InvalidInput, NoSuchEntity."""
    arn = run_arn(text)
    found = assessments.runs_by_arn([arn]).get(arn)
    return _existing(found, "ASSESSMENT_RUN_DOES_NOT_EXIST", text)


def known_packages(offered: Sequence[RulesPackage], texts: Sequence[str]) -> tuple[RulesPackageArn, ...]:
    """Return the packages of ``offered`` that ``texts`` name, without duplicates; InvalidInput, NoSuchEntity."""
    known = {package.arn for package in offered}
    wanted = tuple(dict.fromkeys(rules_package_arn(text) for text in texts))
    for arn in wanted:
        if arn not in known:
            message = (
                f"This installation does not offer the rules package {arn}; ListRulesPackages lists those it offers."
            )
            raise NoSuchEntity("RULES_PACKAGE_DOES_NOT_EXIST", message)
    return wanted


def no_such(code: str, text: str) -> NoSuchEntity:
    """Return the error for an ARN that names nothing."""
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
