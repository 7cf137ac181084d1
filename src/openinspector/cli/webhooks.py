"""`openinspector webhooks`: notify your own HTTPS receivers of a template's runs."""

from typing import TYPE_CHECKING

import click

from openinspector.cli.client import with_own_client
from openinspector.cli.notifications import event_option, events_of, word_of
from openinspector.cli.presentation import print_json, print_table

if TYPE_CHECKING:
    from botocore.client import BaseClient


@click.group()
def webhooks() -> None:
    """Notify your own HTTPS receivers of a template's runs and findings."""


@webhooks.command("create")
@click.argument("template_arn")
@click.argument("url")
@event_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def create_webhook(
    client: "BaseClient", *, template_arn: str, url: str, events: tuple[str, ...], as_json: bool
) -> None:
    """Create a webhook of a template. Prints its ARN and, once, the secret that signs its messages."""
    made = client.create_webhook(assessmentTemplateArn=template_arn, url=url, events=events_of(events))
    if as_json:
        print_json({"webhook": made["webhook"], "secret": made["secret"]})
        return
    click.echo(made["webhook"]["arn"])
    click.echo(f"Secret: {made['secret']}")
    click.echo("Store it at the receiver; it is not shown again.", err=True)


@webhooks.command("list")
@click.option("--template", "template_arn", metavar="ARN", help="Only webhooks of this template.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def list_webhooks(client: "BaseClient", *, template_arn: str | None, as_json: bool) -> None:
    """List webhooks and their events."""
    only = {"assessmentTemplateArn": template_arn} if template_arn else {}
    found = [row for page in client.get_paginator("list_webhooks").paginate(**only) for row in page["webhooks"]]
    if as_json:
        print_json(found)
        return
    print_table(
        ("URL", "EVENTS", "ARN"),
        [(row["url"], ", ".join(map(word_of, row["events"])), row["arn"]) for row in found],
        empty="No webhooks. Create one: openinspector webhooks create TEMPLATE_ARN https://HOST/PATH",
    )


@webhooks.command("delete")
@click.argument("webhook_arn")
@with_own_client
def delete_webhook(client: "BaseClient", *, webhook_arn: str) -> None:
    """Delete a webhook and its pending notifications."""
    client.delete_webhook(webhookArn=webhook_arn)
