"""Assessment templates and their tags (F4.15 to F4.27)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from openinspector.model.arn import TemplateArn, parse_template_arn, template_arn
from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.asset import Tag
from openinspector.model.finding import Attribute
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app import arguments
from openinspector.service.app.batch import LookUpResult, look_up
from openinspector.service.app.deletion import Deletion
from openinspector.service.app.errors import InvalidInput, LimitExceeded, NoSuchEntity, RunInProgress
from openinspector.service.app.quotas import Quotas
from openinspector.service.ports.assessment_store import (
    AssessmentStore,
    MissingError,
    NameTakenError,
    QuotaError,
    RunInProgressError,
    RunTotals,
    TemplateFilter,
)
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.page import Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """A template to create; ARNs are unchecked texts."""

    target_arn: str
    name: str
    duration_seconds: int
    rules_package_arns: tuple[str, ...]
    user_attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedTemplate:
    """A template, the number of its runs and the last one (F4.22)."""

    template: AssessmentTemplate
    totals: RunTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Creates, tags, deletes and finds templates."""

    assessments: AssessmentStore
    rules_packages: tuple[RulesPackage, ...]
    deletion: Deletion
    quotas: Quotas
    clock: Clock
    new_id: NewId

    def create(self, wanted: NewTemplate) -> TemplateArn:
        """Add a template; InvalidInput, NoSuchEntity, LimitExceeded."""
        target = arguments.existing_target(self.assessments, wanted.target_arn)
        packages = arguments.known_packages(self.rules_packages, wanted.rules_package_arns)
        check_distinct(tuple(attribute.key for attribute in wanted.user_attributes), "INVALID_USER_ATTRIBUTE_KEY")
        template = AssessmentTemplate(
            arn=template_arn(target.arn, self.new_id()),
            name=wanted.name,
            target_arn=target.arn,
            duration_seconds=wanted.duration_seconds,
            rules_package_arns=packages,
            user_attributes=wanted.user_attributes,
            created_at=self.clock.now(),
        )
        try:
            self.assessments.add_template(template, most=self.quotas.templates)
        except QuotaError as error:
            raise LimitExceeded("ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
        except NameTakenError as error:
            raise InvalidInput(
                "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN", f"Another template of the target is named {wanted.name!r}."
            ) from error
        except MissingError as error:
            raise arguments.no_such("ASSESSMENT_TARGET_DOES_NOT_EXIST", wanted.target_arn) from error
        return template.arn

    def delete(self, arn: str) -> None:
        """Delete a template and everything below it; InvalidInput, NoSuchEntity, RunInProgress."""
        template = arguments.template_arn(arn)
        try:
            runs = self.assessments.delete_template(template)
        except MissingError as error:
            raise _no_such(arn) from error
        except RunInProgressError as error:
            raise RunInProgress(error.runs) from error
        self.deletion.delete_below(template)
        self.deletion.delete_runs(runs)

    def describe(self, arns: Sequence[str]) -> LookUpResult[TemplateArn, DescribedTemplate]:
        """Return templates by ARN."""
        known = look_up(arns, parse_template_arn, self.assessments.templates_by_arn)
        totals = self.assessments.run_totals(list(known.found))
        described = {
            arn: DescribedTemplate(template=template, totals=totals[arn]) for arn, template in known.found.items()
        }
        return LookUpResult(found=described, failed=known.failed)

    def list_page(
        self, target_arns: Sequence[str], wanted: TemplateFilter, page: PageRequest
    ) -> Page[AssessmentTemplate]:
        """Return one page of the templates of ``target_arns``, or of all targets; InvalidInput, NoSuchEntity."""
        targets = tuple(arguments.existing_target(self.assessments, arn).arn for arn in target_arns)
        return self.assessments.list_templates(replace(wanted, target_arns=targets), page)

    def tags(self, resource: str) -> tuple[Tag, ...]:
        """Return the tags of a template (F4.23); InvalidInput, NoSuchEntity."""
        template = arguments.existing_template(self.assessments, resource, "INVALID_RESOURCE_ARN")
        try:
            return self.assessments.template_tags(template.arn)
        except MissingError as error:
            raise _no_such(resource) from error

    def set_tags(self, resource: str, tags: tuple[Tag, ...]) -> None:
        """Replace all tags of a template (F4.23, F4.24); InvalidInput, NoSuchEntity."""
        template = arguments.existing_template(self.assessments, resource, "INVALID_RESOURCE_ARN")
        check_distinct(tuple(tag.key for tag in tags), "INVALID_TAG_KEY")
        try:
            self.assessments.replace_template_tags(template.arn, tags)
        except MissingError as error:
            raise _no_such(resource) from error


def check_distinct(keys: tuple[str, ...], code: str) -> None:
    """Raise InvalidInput if a key occurs twice."""
    for key in keys:
        if keys.count(key) > 1:
            raise InvalidInput(code, f"The key {key!r} is given more than once.")


def _no_such(arn: str) -> NoSuchEntity:
    return arguments.no_such("ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", arn)
