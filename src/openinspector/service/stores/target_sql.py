"""Resource groups and assessment targets in SQL; part of `assessment_sql`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from openinspector.model.arn import ResourceGroupArn, RunArn, TargetArn, TemplateArn
from openinspector.model.assessment import AssessmentTarget, ResourceGroup
from openinspector.service.ports.assessment_store import MissingError, NameTakenError
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores.dialect import add_new, check_room, matches
from openinspector.service.stores.engine import reading_once, writing
from openinspector.service.stores.query import by_arn, read_page, rows_by_arn
from openinspector.service.stores.run_sql import delete_templates
from openinspector.service.stores.schema import RESOURCE_GROUP, TARGET, TEMPLATE

_GROUPS_BY_ARN: Final = by_arn(RESOURCE_GROUP)
_TARGETS_BY_ARN: Final = by_arn(TARGET)


class SqlTargets:
    """The part of the assessment store about resource groups and targets."""

    _engine: Engine

    def add_resource_group(self, group: ResourceGroup, *, most: int | None = None) -> None:
        """Add a group; QuotaError."""
        with writing(self._engine) as connection:
            check_room(connection, RESOURCE_GROUP, "resource groups", most)
            row = {"arn": group.arn, "tags": group.tags, "created_at": group.created_at}
            connection.execute(insert(RESOURCE_GROUP), row)

    def resource_groups_by_arn(self, arns: Sequence[ResourceGroupArn]) -> Mapping[ResourceGroupArn, ResourceGroup]:
        """Return the groups that exist."""
        rows = rows_by_arn(self._engine, _GROUPS_BY_ARN, arns)
        return {row.arn: ResourceGroup(arn=row.arn, tags=row.tags, created_at=row.created_at) for row in rows}

    def add_target(self, target: AssessmentTarget, *, most: int | None = None) -> None:
        """Add a target; raises QuotaError, NameTakenError."""
        row = {
            "arn": target.arn,
            "name": target.name,
            "resource_group_arn": target.resource_group_arn,
            "created_at": target.created_at,
            "updated_at": target.updated_at,
        }
        with writing(self._engine) as connection:
            check_room(connection, TARGET, "assessment targets", most)
            if not add_new(connection, TARGET, ("name",), row):
                raise _name_taken(target)

    def replace_target(self, target: AssessmentTarget) -> None:
        """Change name, resource group and update time; raises NameTakenError, MissingError."""
        changed = {
            "name": target.name,
            "resource_group_arn": target.resource_group_arn,
            "updated_at": target.updated_at,
        }
        with writing(self._engine) as connection:
            try:
                done = connection.execute(update(TARGET).where(TARGET.c.arn == target.arn).values(**changed))
            except IntegrityError as error:  # the name is all that is unique here
                raise _name_taken(target) from error
            if done.rowcount == 0:
                raise MissingError(f"no assessment target {target.arn}")

    def targets_by_arn(self, arns: Sequence[TargetArn]) -> Mapping[TargetArn, AssessmentTarget]:
        """Return the targets that exist."""
        return {row.arn: _target(row) for row in rows_by_arn(self._engine, _TARGETS_BY_ARN, arns)}

    def list_targets(self, name_pattern: str | None, page: PageRequest) -> Page[AssessmentTarget]:
        """Return one page of targets."""
        query = select(TARGET)
        with reading_once(self._engine) as connection:
            if name_pattern is not None:
                query = query.where(matches(connection, TARGET.c.name, name_pattern))
            return read_page(connection, query, TARGET, page, _target)

    def delete_target(self, arn: TargetArn) -> tuple[RunArn, ...]:
        """Delete a target, its templates and runs; returns those runs. RunInProgressError, MissingError."""
        with writing(self._engine) as connection:
            if connection.scalar(select(TARGET.c.arn).where(TARGET.c.arn == arn).with_for_update()) is None:
                raise MissingError(f"no assessment target {arn}")
            below = select(TEMPLATE.c.arn).where(TEMPLATE.c.target_arn == arn).with_for_update()
            templates = [TemplateArn(template) for template in connection.scalars(below)]
            runs = delete_templates(connection, templates)
            connection.execute(delete(TARGET).where(TARGET.c.arn == arn))
        return runs


def _target(row: Row[Any]) -> AssessmentTarget:
    return AssessmentTarget(
        arn=row.arn,
        name=row.name,
        resource_group_arn=row.resource_group_arn,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _name_taken(target: AssessmentTarget) -> NameTakenError:
    return NameTakenError(f"another assessment target is named {target.name!r}", advice="Choose another name.")
