"""`openinspector schedules`: run templates on a schedule."""

import re
from typing import TYPE_CHECKING

import click

from openinspector.cli.client import Item, with_own_client
from openinspector.cli.presentation import print_json, print_table, time_text

if TYPE_CHECKING:
    from botocore.client import BaseClient


@click.group()
def schedules() -> None:
    """Run templates on a schedule: at an interval, or at the times of a cron expression (UTC)."""


@schedules.command("create")
@click.argument("template_arn")
@click.option("--every", metavar="N", help="Such as 7d, 12h or 30min; the first run starts at once.")
@click.option("--cron", metavar="EXPRESSION", help='minute hour day month weekday, such as "0 3 * * 1".')
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def create_schedule(
    client: "BaseClient", *, template_arn: str, every: str | None, cron: str | None, as_json: bool
) -> None:
    """Create a schedule of a template. Prints its ARN."""
    made = client.create_schedule(assessmentTemplateArn=template_arn, scheduleExpression=expression_of(every, cron))
    if as_json:
        print_json(made["schedule"])
    else:
        click.echo(made["schedule"]["arn"])


@schedules.command("list")
@click.option("--template", "template_arn", metavar="ARN", help="Only schedules of this template.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def list_schedules(client: "BaseClient", *, template_arn: str | None, as_json: bool) -> None:
    """List schedules, their next start, and why a start was skipped."""
    only = {"assessmentTemplateArn": template_arn} if template_arn else {}
    found = [row for page in client.get_paginator("list_schedules").paginate(**only) for row in page["schedules"]]
    if as_json:
        print_json(found)
        return
    print_table(
        ("SCHEDULE", "NEXT RUN", "PROBLEM", "ARN"),
        [(row["scheduleExpression"], _next_text(row), row.get("lastProblem", ""), row["arn"]) for row in found],
        empty="No schedules. Create one: openinspector schedules create TEMPLATE_ARN --every 7d",
    )


@schedules.command("pause")
@click.argument("schedule_arn")
@with_own_client
def pause_schedule(client: "BaseClient", *, schedule_arn: str) -> None:
    """Pause a schedule. It starts no runs until it is resumed."""
    client.update_schedule(scheduleArn=schedule_arn, enabled=False)


@schedules.command("resume")
@click.argument("schedule_arn")
@with_own_client
def resume_schedule(client: "BaseClient", *, schedule_arn: str) -> None:
    """Resume a schedule. Runs that were due meanwhile are not started."""
    client.update_schedule(scheduleArn=schedule_arn, enabled=True)


@schedules.command("delete")
@click.argument("schedule_arn")
@with_own_client
def delete_schedule(client: "BaseClient", *, schedule_arn: str) -> None:
    """Delete a schedule. Runs that it started are kept."""
    client.delete_schedule(scheduleArn=schedule_arn)


def expression_of(every: str | None, cron: str | None) -> str:
    """Return the schedule expression of two options; UsageError unless exactly one is given and valid."""
    if (every is None) == (cron is None):
        raise click.UsageError("use either --every or --cron")
    if cron is not None:
        return f"cron({cron})"
    assert every is not None
    found = re.fullmatch(r"(\d{1,5}) ?(min|h|d)", every)
    if found is None:
        raise click.UsageError(f"--every {every!r}: give a number of min, h or d, such as 7d")
    return f"rate({found[1]} {_UNITS[found[2]]})"


_UNITS = {"min": "minutes", "h": "hours", "d": "days"}


def _next_text(row: Item) -> str:
    return time_text(row["nextRunAt"]) if row["enabled"] else "paused"
