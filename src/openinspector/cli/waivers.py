"""`openinspector waivers`: accept findings for a time, with an owner and a reason."""

from typing import TYPE_CHECKING, Any

import click

from openinspector.cli.client import Item, with_own_client
from openinspector.cli.presentation import print_json, print_table

if TYPE_CHECKING:
    from botocore.client import BaseClient

_VERDICTS = ("accepted", "not-affected", "false-positive", "mitigated")


@click.group()
def waivers() -> None:
    """Accept findings for a time. A waived finding stays visible; the waiver ends when its facts change."""


@waivers.command("create")
@click.option("--finding", "finding_arn", metavar="ARN", help="Waive the issue of this finding on its host.")
@click.option("--template", "template_arn", metavar="ARN", help="Waive issues by name in runs of this template.")
@click.option("--issue", "issues", multiple=True, metavar="NAME", help="CVE-2024-6387, debian_12/5.1.20, a rule.")
@click.option("--subject", metavar="PATTERN", help="Only subjects that match, such as openssl*.")
@click.option("--host", "hosts", multiple=True, metavar="ID", help="Only this host; repeat it for more.")
@click.option("--reason", required=True, help="Why it may stay as it is.")
@click.option("--owner", required=True, help="Who answers for it: a person or a group.")
@click.option("--until", required=True, metavar="DAY", help="The last day, such as 2027-03-31.")
@click.option("--verdict", type=click.Choice(_VERDICTS), default="accepted", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def create_waiver(client: "BaseClient", /, *, as_json: bool, **options: Any) -> None:
    """Create a waiver, from a finding or by the names of issues. Prints its ARN."""
    if bool(options["finding_arn"]) == bool(options["template_arn"]):
        raise click.UsageError("give either --finding, or --template and --issue")
    if options["template_arn"] and not options["issues"]:
        raise click.UsageError("--template needs --issue: a waiver is never for everything")
    made = client.create_waiver(**_request(options))["waiver"]
    if as_json:
        print_json(made)
    else:
        click.echo(made["arn"])


@waivers.command("list")
@click.option("--template", "template_arn", metavar="ARN", help="Only waivers of this template.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def list_waivers(client: "BaseClient", *, template_arn: str | None, as_json: bool) -> None:
    """List waivers, with the hosts on which a changed fact ended them."""
    only = {"assessmentTemplateArn": template_arn} if template_arn else {}
    found = [row for page in client.get_paginator("list_waivers").paginate(**only) for row in page["waivers"]]
    if as_json:
        print_json(found)
        return
    print_table(
        ("ISSUES", "UNTIL", "WHY", "ARN"),
        [_row(row) for row in found],
        empty="No waivers. Create one: openinspector waivers create --finding ARN --owner … --reason … --until …",
    )


@waivers.command("delete")
@click.argument("waiver_arn")
@with_own_client
def delete_waiver(client: "BaseClient", *, waiver_arn: str) -> None:
    """Delete a waiver. Findings of earlier runs keep its attributes."""
    client.delete_waiver(waiverArn=waiver_arn)


def _request(options: Item) -> dict[str, Any]:
    asked = {
        "findingArn": options["finding_arn"],
        "assessmentTemplateArn": options["template_arn"],
        "issues": list(options["issues"]),
        "subject": options["subject"],
        "agentIds": list(options["hosts"]),
        "verdict": options["verdict"].upper().replace("-", "_"),
        "reason": options["reason"],
        "owner": options["owner"],
        "expiresOn": options["until"],
    }
    return {name: value for name, value in asked.items() if value}


def _row(waiver: Item) -> tuple[str, ...]:
    hosts = f" on {', '.join(waiver['agentIds'])}" if waiver["agentIds"] else ""
    ends = "".join(f" Ended on {end['agentId']}: {end['key']} is {', '.join(end['now'])}." for end in waiver["ends"])
    return (
        ", ".join(waiver["issues"]) + hosts,
        waiver["expiresOn"],
        f"{waiver['owner']}: {waiver['reason']}{ends}",
        waiver["arn"],
    )
