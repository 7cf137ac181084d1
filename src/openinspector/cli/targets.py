"""`openinspector targets`: choose hosts to assess."""

from typing import TYPE_CHECKING

import click

from openinspector.cli.client import arns, described, with_client
from openinspector.cli.presentation import print_json, print_table, state_text, time_text

if TYPE_CHECKING:
    from botocore.client import BaseClient


@click.group()
def targets() -> None:
    """Manage assessment targets: the hosts to assess."""


@targets.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_targets(client: "BaseClient", *, as_json: bool) -> None:
    """List assessment targets."""
    wanted = list(arns(client, "list_assessment_targets", "assessmentTargetArns"))
    found = list(described(client, "describe_assessment_targets", "assessmentTargetArns", "assessmentTargets", wanted))
    if as_json:
        print_json(found)
        return
    print_table(
        ("NAME", "HOSTS", "CREATED", "ARN"),
        [
            (t["name"], "by tags" if t.get("resourceGroupArn") else "all", time_text(t["createdAt"]), t["arn"])
            for t in found
        ],
        empty="No assessment targets. Create one: openinspector targets create NAME [--tag KEY=VALUE]",
    )


@targets.command("create")
@click.argument("name")
@click.option("--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="Select hosts with any of these tags.")
@with_client
def create_target(client: "BaseClient", *, name: str, tags: tuple[str, ...]) -> None:
    """Create a target: all hosts, or those with any of the tags. Prints its ARN."""
    arguments = {"assessmentTargetName": name}
    if tags:
        group = client.create_resource_group(resourceGroupTags=[parsed_tag(tag) for tag in tags])
        arguments["resourceGroupArn"] = group["resourceGroupArn"]
    click.echo(client.create_assessment_target(**arguments)["assessmentTargetArn"])


@targets.command("preview")
@click.argument("target_arn")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def preview_target(client: "BaseClient", *, target_arn: str, as_json: bool) -> None:
    """Show the hosts that a target selects now, and the health of their agents."""
    pages = client.get_paginator("preview_agents").paginate(previewAgentsArn=target_arn)
    found = [agent for page in pages for agent in page["agentPreviews"]]
    if as_json:
        print_json(found)
        return
    print_table(
        ("AGENT", "HOST", "HEALTH", "SYSTEM", "ADDRESS"),
        [
            (
                a["agentId"],
                a.get("hostname", ""),
                state_text(a.get("agentHealth", "UNKNOWN")),
                a.get("operatingSystem", ""),
                a.get("ipv4Address", ""),
            )
            for a in found
        ],
        empty="The target selects no host. Enrol one: openinspector admin tokens create",
    )


@targets.command("delete")
@click.argument("target_arn")
@with_client
def delete_target(client: "BaseClient", *, target_arn: str) -> None:
    """Delete a target with its templates, runs and findings."""
    client.delete_assessment_target(assessmentTargetArn=target_arn)


def parsed_tag(text: str) -> dict[str, str]:
    """Return ``KEY=VALUE`` or ``KEY`` as the API takes a tag; UsageError if the key is missing."""
    key, equals, value = text.partition("=")
    if not key:
        raise click.UsageError(f"a tag is KEY=VALUE or KEY, not {text!r}")
    return {"key": key, "value": value} if equals else {"key": key}
