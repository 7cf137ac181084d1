"""Schedules, event subscriptions, webhooks, waivers and tailorings for tests."""

from dataclasses import replace
from typing import Any, Final

from openinspector.model.arn import TopicArn, schedule_arn, waiver_arn, webhook_arn
from openinspector.model.ground import setting
from openinspector.model.notification import EventSubscription, InspectorEvent, Webhook
from openinspector.model.schedule import Schedule
from openinspector.model.tailoring import Tailoring, TemplateTailoring
from openinspector.model.waiver import TemplateWaiver, Waiver, WaiverScope
from openinspector.testing import model_builders as builders

_E: Final = InspectorEvent


def schedule(number: int = 1, template: int = 1, target: int = 1, **fields: Any) -> Schedule:
    """Return a schedule of a template."""
    parent = builders.template(template, builders.target(target).arn).arn
    made = Schedule(
        arn=schedule_arn(parent, builders.resource_id(number)),
        template_arn=parent,
        expression="rate(7 days)",
        created_at=builders.moment(number),
        next_at=builders.moment(number + 100),
    )
    return replace(made, **fields)


def topic(number: int = 1) -> TopicArn:
    """Return the ARN of a topic."""
    return TopicArn(f"arn:aws:sns:us-east-1:123456789012:topic-{number}")


def subscribed(
    event: InspectorEvent = _E.FINDING_REPORTED,
    *,
    topic_number: int = 1,
    template: int = 1,
    target: int = 1,
    at: int = 0,
) -> EventSubscription:
    """Return a subscription of a topic to an event of a template."""
    return EventSubscription(
        template_arn=builders.template(template, builders.target(target).arn).arn,
        topic_arn=topic(topic_number),
        event=event,
        subscribed_at=builders.moment(at),
    )


def webhook(number: int = 1, template: int = 1, target: int = 1, **fields: Any) -> Webhook:
    """Return a webhook of a template."""
    parent = builders.template(template, builders.target(target).arn).arn
    made = Webhook(
        arn=webhook_arn(parent, builders.resource_id(number)),
        template_arn=parent,
        url=f"https://receiver.example/{number}",
        events=(InspectorEvent.ASSESSMENT_RUN_COMPLETED, InspectorEvent.FINDING_REPORTED),
        created_at=builders.moment(number),
        sealed_secret=b"\x00sealed\xff",
    )
    return replace(made, **fields)


def waiver(number: int = 1, template: int = 1, target: int = 1, **fields: Any) -> TemplateWaiver:
    """Return a waiver of a template; ``fields`` are those of the waiver."""
    parent = builders.template(template, builders.target(target).arn).arn
    arn = waiver_arn(parent, builders.resource_id(number))
    at = builders.moment(number)
    made = Waiver(
        id=arn,
        scope=WaiverScope(issues=("CVE-2026-1",)),
        reason="There is no fix.",
        owner="ops",
        created_on=at.date(),
        expires=at.date(),
        holds=(setting("state", "on"),),
    )
    return TemplateWaiver(arn=arn, template_arn=parent, created_at=at, waiver=replace(made, **fields))


def tailoring(number: int = 1, template: int = 1, target: int = 1, **variables: str) -> TemplateTailoring:
    """Return the tailoring of a template, changed at the second ``number``."""
    return TemplateTailoring(
        template_arn=builders.template(template, builders.target(target).arn).arn,
        changed_at=builders.moment(number),
        tailoring=Tailoring(variables=variables, switched_off={"debian_12/1.1.1.1": "It boots from cramfs."}),
    )
