"""Assessment templates in SQL; part of `assessment_sql`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine, Row, func, select, update

from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.asset import Tag
from openinspector.service.ports.assessment_store import MissingError, NameTakenError, RunTotals, TemplateFilter
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores.dialect import add_new, check_room, matches
from openinspector.service.stores.engine import reading, reading_once, writing
from openinspector.service.stores.query import by_arn, in_batches, in_durations, names_all, read_page, rows_by_arn
from openinspector.service.stores.run_sql import delete_templates
from openinspector.service.stores.schema import RUN, TARGET, TEMPLATE

_BY_ARN: Final = by_arn(TEMPLATE)


class SqlTemplates:
    """The part of the assessment store about templates."""

    _engine: Engine

    def add_template(self, template: AssessmentTemplate, *, most: int | None = None) -> None:
        """Add a template; raises MissingError (its target), QuotaError, NameTakenError."""
        row = {
            "arn": template.arn,
            "name": template.name,
            "target_arn": template.target_arn,
            "duration_seconds": template.duration_seconds,
            "rules_package_arns": template.rules_package_arns,
            "user_attributes": template.user_attributes,
            "tags": (),
            "created_at": template.created_at,
        }
        parent = select(TARGET.c.arn).where(TARGET.c.arn == template.target_arn)
        with writing(self._engine) as connection:
            if connection.scalar(parent.with_for_update(key_share=True, read=True)) is None:
                raise MissingError(f"no assessment target {template.target_arn}")
            check_room(connection, TEMPLATE, "assessment templates", most)
            if not add_new(connection, TEMPLATE, ("target_arn", "name"), row):
                message = f"another template of the target is named {template.name!r}"
                raise NameTakenError(message, advice="Choose another name.")

    def templates_by_arn(self, arns: Sequence[TemplateArn]) -> Mapping[TemplateArn, AssessmentTemplate]:
        """Return the templates that exist."""
        return {row.arn: _template(row) for row in rows_by_arn(self._engine, _BY_ARN, arns)}

    def list_templates(self, wanted: TemplateFilter, page: PageRequest) -> Page[AssessmentTemplate]:
        """Return one page of templates."""
        query = select(TEMPLATE).where(*in_durations(TEMPLATE.c.duration_seconds, wanted.duration))
        if wanted.target_arns:
            query = query.where(TEMPLATE.c.target_arn.in_(wanted.target_arns))
        with reading_once(self._engine) as connection:
            if wanted.name_pattern is not None:
                query = query.where(matches(connection, TEMPLATE.c.name, wanted.name_pattern))
            if wanted.rules_package_arns:
                query = query.where(names_all(connection, TEMPLATE.c.rules_package_arns, wanted.rules_package_arns))
            return read_page(connection, query, TEMPLATE, page, _template)

    def delete_template(self, arn: TemplateArn) -> tuple[RunArn, ...]:
        """Delete a template and its runs; returns those runs. RunInProgressError, MissingError."""
        with writing(self._engine) as connection:
            if connection.scalar(select(TEMPLATE.c.arn).where(TEMPLATE.c.arn == arn).with_for_update()) is None:
                raise _missing(arn)
            return delete_templates(connection, [arn])

    def run_totals(self, templates: Sequence[TemplateArn]) -> Mapping[TemplateArn, RunTotals]:
        """Return the totals of each given template; zero for one that does not exist."""
        totals = {arn: RunTotals(count=0, last_run_arn=None) for arn in templates}
        newest_first = (RUN.c.created_at.desc(), RUN.c.arn.desc())
        place = func.row_number().over(partition_by=RUN.c.template_arn, order_by=newest_first).label("place")
        count = func.count().over(partition_by=RUN.c.template_arn).label("count")
        with reading(self._engine) as connection:
            for wanted in in_batches(templates):
                ranked = select(RUN.c.template_arn, RUN.c.arn, place, count).where(RUN.c.template_arn.in_(wanted))
                newest = ranked.subquery()
                for row in connection.execute(select(newest).where(newest.c.place == 1)):
                    totals[row.template_arn] = RunTotals(count=row[3], last_run_arn=row.arn)
        return totals

    def template_tags(self, arn: TemplateArn) -> tuple[Tag, ...]:
        """Return a template's tags; MissingError."""
        with reading(self._engine) as connection:
            row = connection.execute(select(TEMPLATE.c.tags).where(TEMPLATE.c.arn == arn)).one_or_none()
        if row is None:
            raise _missing(arn)
        tags: tuple[Tag, ...] = row.tags
        return tags

    def replace_template_tags(self, arn: TemplateArn, tags: tuple[Tag, ...]) -> None:
        """Replace a template's whole set of tags; MissingError."""
        with writing(self._engine) as connection:
            changed = update(TEMPLATE).where(TEMPLATE.c.arn == arn).values(tags=tags)
            if connection.execute(changed).rowcount == 0:
                raise _missing(arn)


def _template(row: Row[Any]) -> AssessmentTemplate:
    return AssessmentTemplate(
        arn=row.arn,
        name=row.name,
        target_arn=row.target_arn,
        duration_seconds=row.duration_seconds,
        rules_package_arns=row.rules_package_arns,
        user_attributes=row.user_attributes,
        created_at=row.created_at,
    )


def _missing(arn: TemplateArn) -> MissingError:
    return MissingError(f"no assessment template {arn}")
