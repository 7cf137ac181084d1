"""Resource groups and assessment targets (F4.1 to F4.14)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from openinspector.model.arn import (
    ArnRealm,
    ResourceGroupArn,
    TargetArn,
    parse_resource_group_arn,
    parse_target_arn,
)
from openinspector.model.assessment import AssessmentTarget, ResourceGroup
from openinspector.model.asset import Tag
from openinspector.service.app.arguments import existing_group, existing_target, no_such, target_arn
from openinspector.service.app.batch import LookUpResult, look_up
from openinspector.service.app.deletion import Deletion
from openinspector.service.app.errors import InvalidInput, LimitExceeded, RunInProgress
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.quotas import Quotas
from openinspector.service.ports.assessment_store import (
    AssessmentStore,
    MissingError,
    NameTakenError,
    QuotaError,
    RunInProgressError,
)
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.page import Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Creates, changes, deletes and finds targets and resource groups."""

    assessments: AssessmentStore
    instances: InstanceDirectory
    deletion: Deletion
    realm: ArnRealm
    quotas: Quotas
    clock: Clock
    new_id: NewId

    def create_resource_group(self, tags: tuple[Tag, ...]) -> ResourceGroupArn:
        """Add a resource group; LimitExceeded."""
        group = ResourceGroup(arn=self.realm.resource_group(self.new_id()), tags=tags, created_at=self.clock.now())
        try:
            self.assessments.add_resource_group(group, most=self.quotas.resource_groups)
        except QuotaError as error:
            raise LimitExceeded("RESOURCE_GROUP_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
        return group.arn

    def describe_resource_groups(self, arns: Sequence[str]) -> LookUpResult[ResourceGroupArn, ResourceGroup]:
        """Return resource groups by ARN."""
        return look_up(arns, parse_resource_group_arn, self.assessments.resource_groups_by_arn)

    def create(self, name: str, group: str | None) -> TargetArn:
        """Add a target for the hosts of a group, or for all hosts.

        Raises InvalidInput, NoSuchEntity, LimitExceeded, and InvalidRole if the role cannot list instances (F2.22).
        """
        group_arn = existing_group(self.assessments, group).arn if group is not None else None
        self.instances.selectable()
        now = self.clock.now()
        target = AssessmentTarget(
            arn=self.realm.target(self.new_id()),
            name=name,
            resource_group_arn=group_arn,
            created_at=now,
            updated_at=now,
        )
        try:
            self.assessments.add_target(target, most=self.quotas.targets)
        except QuotaError as error:
            raise LimitExceeded("ASSESSMENT_TARGET_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
        except NameTakenError as error:
            raise _name_taken(name) from error
        return target.arn

    def update(self, arn: str, name: str, group: str | None) -> None:
        """Rename a target and set or clear its group (F4.10); InvalidInput, NoSuchEntity."""
        target = existing_target(self.assessments, arn)
        group_arn = existing_group(self.assessments, group).arn if group is not None else None
        changed = replace(target, name=name, resource_group_arn=group_arn, updated_at=self.clock.now())
        try:
            self.assessments.replace_target(changed)
        except NameTakenError as error:
            raise _name_taken(name) from error
        except MissingError as error:
            raise no_such("ASSESSMENT_TARGET_DOES_NOT_EXIST", arn) from error

    def delete(self, arn: str) -> None:
        """Delete a target and everything below it; InvalidInput, NoSuchEntity, RunInProgress."""
        target = target_arn(arn)
        try:
            runs = self.assessments.delete_target(target)
        except MissingError as error:
            raise no_such("ASSESSMENT_TARGET_DOES_NOT_EXIST", arn) from error
        except RunInProgressError as error:
            raise RunInProgress(error.runs) from error
        self.deletion.delete_below(target)
        self.deletion.delete_runs(runs)

    def describe(self, arns: Sequence[str]) -> LookUpResult[TargetArn, AssessmentTarget]:
        """Return targets by ARN."""
        return look_up(arns, parse_target_arn, self.assessments.targets_by_arn)

    def list_page(self, name_pattern: str | None, page: PageRequest) -> Page[AssessmentTarget]:
        """Return one page of the targets whose name matches a pattern, or of all."""
        return self.assessments.list_targets(name_pattern, page)


def _name_taken(name: str) -> InvalidInput:
    return InvalidInput("ASSESSMENT_TARGET_NAME_ALREADY_TAKEN", f"Another assessment target is named {name!r}.")
