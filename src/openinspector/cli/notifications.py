"""`openinspector notifications`: notify SNS topics of a template's runs."""

from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.client import with_client
from openinspector.cli.presentation import print_json, print_table, time_text

if TYPE_CHECKING:
    from botocore.client import BaseClient

EVENTS: Final = {
    "started": "ASSESSMENT_RUN_STARTED",
    "completed": "ASSESSMENT_RUN_COMPLETED",
    "state-changed": "ASSESSMENT_RUN_STATE_CHANGED",
    "finding": "FINDING_REPORTED",
}
"""Event by name on the command line: its name in the API."""

event_option = click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(list(EVENTS)),
    help="Event to send; repeatable. Default: started, completed and finding.",
)
_DEFAULT: Final = ("started", "completed", "finding")


def word_of(event: str) -> str:
    """Return the command line's name of an event of the API."""
    return next((word for word, name in EVENTS.items() if name == event), event)


def events_of(chosen: tuple[str, ...]) -> list[str]:
    """Return the API's names of the events chosen, each once."""
    return [EVENTS[name] for name in dict.fromkeys(chosen or _DEFAULT)]


@click.group()
def notifications() -> None:
    """Notify SNS topics of a template's runs and findings. For your own receivers see `webhooks`."""


@notifications.command("subscribe")
@click.argument("template_arn")
@click.argument("topic_arn")
@event_option
@with_client
def subscribe(client: "BaseClient", *, template_arn: str, topic_arn: str, events: tuple[str, ...]) -> None:
    """Subscribe a topic to events of a template's runs. The topic gets a set-up message at once."""
    for event in events_of(events):
        client.subscribe_to_event(resourceArn=template_arn, topicArn=topic_arn, event=event)


@notifications.command("unsubscribe")
@click.argument("template_arn")
@click.argument("topic_arn")
@event_option
@with_client
def unsubscribe(client: "BaseClient", *, template_arn: str, topic_arn: str, events: tuple[str, ...]) -> None:
    """Unsubscribe a topic from the given events; without --event, from all."""
    wanted = events_of(events) if events else _subscribed(client, template_arn, topic_arn)
    for event in wanted:
        client.unsubscribe_from_event(resourceArn=template_arn, topicArn=topic_arn, event=event)


@notifications.command("list")
@click.option("--template", "template_arn", metavar="ARN", help="Only subscriptions of this template.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_subscriptions(client: "BaseClient", *, template_arn: str | None, as_json: bool) -> None:
    """List subscriptions: topics and their events."""
    only = {"resourceArn": template_arn} if template_arn else {}
    pages = client.get_paginator("list_event_subscriptions").paginate(**only)
    found = [row for page in pages for row in page["subscriptions"]]
    if as_json:
        print_json(found)
        return
    print_table(
        ("EVENT", "SINCE", "TOPIC", "TEMPLATE"),
        [
            (word_of(one["event"]), time_text(one["subscribedAt"]), row["topicArn"], row["resourceArn"])
            for row in found
            for one in row["eventSubscriptions"]
        ],
        empty="No subscriptions. Make one: openinspector notifications subscribe TEMPLATE_ARN TOPIC_ARN",
    )


def _subscribed(client: "BaseClient", template_arn: str, topic_arn: str) -> list[str]:
    pages = client.get_paginator("list_event_subscriptions").paginate(resourceArn=template_arn)
    rows = [row for page in pages for row in page["subscriptions"] if row["topicArn"] == topic_arn]
    if not rows:
        raise click.UsageError(f"the template does not notify {topic_arn} of anything")
    return [one["event"] for row in rows for one in row["eventSubscriptions"]]
