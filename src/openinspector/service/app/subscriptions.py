"""Event subscriptions: SNS topics that receive events of a template's runs (F10.1 to F10.6, F10.9)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from openinspector.model.arn import TemplateArn, TopicArn, parse_topic_arn
from openinspector.model.errors import ModelError
from openinspector.model.notification import EventSubscription, InspectorEvent, PublishStatus
from openinspector.service.app import arguments
from openinspector.service.app.errors import AccessDenied, InvalidInput, LimitExceeded, NoSuchEntity, Unavailable
from openinspector.service.app.notifications import set_up_message
from openinspector.service.app.quotas import Quotas
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.ports.page import NO_TIME, Cursor, Page, PageRequest
from openinspector.service.ports.publisher import TopicPublisher
from openinspector.service.ports.record_store import (
    RecordExistsError,
    RecordLimitError,
    SubscriptionKey,
    SubscriptionStore,
)

_DIGITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The subscriptions of a topic to a template, by event (F10.3)."""

    template_arn: TemplateArn
    topic_arn: TopicArn
    events: tuple[EventSubscription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """Subscribes and unsubscribes topics."""

    subscriptions: SubscriptionStore
    assessments: AssessmentStore
    notifications: NotificationStore
    topics: TopicPublisher
    quotas: Quotas
    clock: Clock

    def subscribe(self, resource: str, event: InspectorEvent, topic: str) -> None:
        """Subscribe a topic to an event of a template's runs; no effect if it is subscribed.

        The first subscription of a topic to a template publishes a message, which proves that the topic exists and
        accepts messages. Raises InvalidInput, NoSuchEntity (template or topic), AccessDenied, LimitExceeded,
        Unavailable.
        """
        template = arguments.existing_template(self.assessments, resource, "INVALID_RESOURCE_ARN").arn
        topic_arn = _topic_arn(topic)
        now = self.clock.now()
        held = self.subscriptions.of_templates([template])
        if any(one.topic_arn == topic_arn and one.event is event for one in held):
            return
        if len(held) >= self.quotas.subscriptions:
            raise _too_many()
        if all(one.topic_arn != topic_arn for one in held):
            self._set_up(template, topic_arn)
        one = EventSubscription(template_arn=template, topic_arn=topic_arn, event=event, subscribed_at=now)
        try:
            self.subscriptions.add(one, self.quotas.subscriptions)
        except RecordExistsError:
            return  # another request subscribed it meanwhile
        except RecordLimitError as error:
            raise _too_many() from error

    def unsubscribe(self, resource: str, event: InspectorEvent, topic: str) -> None:
        """Unsubscribe a topic from an event and drop its undelivered messages.

        Raises NoSuchEntity for an unknown template, and InvalidInput if the topic is not subscribed to the event.
        """
        template = arguments.existing_template(self.assessments, resource, "INVALID_RESOURCE_ARN").arn
        topic_arn = _topic_arn(topic)
        if not self.subscriptions.delete(SubscriptionKey(template, topic_arn, event)):
            message = f"{topic_arn} is not subscribed to {event} of this template, so nothing was unsubscribed."
            raise InvalidInput("INVALID_EVENT", message)
        self.notifications.drop(template, topic_arn, event)

    def list_page(self, resource: str | None, page: PageRequest) -> Page[Subscription]:
        """Return one page of subscriptions, by template and topic (F10.3); InvalidInput, NoSuchEntity."""
        after = ("", "") if page.after is None else _sort_key_of(page.after)
        if resource is None:
            templates = [template for template in self.subscriptions.templates() if template >= after[0]]
        else:
            templates = [arguments.existing_template(self.assessments, resource, "INVALID_RESOURCE_ARN").arn]
        found = self._listed(templates, after, page.limit + 1)
        rows = found[: page.limit]
        more = subscription_cursor(rows[-1]) if len(found) > page.limit and rows else None
        return Page(rows=rows, next=more)

    def _listed(self, templates: Sequence[TemplateArn], after: tuple[str, str], wanted: int) -> Sequence[Subscription]:
        """Return at least ``wanted`` subscriptions after a sort key, if the templates have as many."""
        found = list[Subscription]()
        for first in range(0, len(templates), wanted):
            held = self.subscriptions.of_templates(templates[first : first + wanted])
            found += (one for one in _by_topic(held) if _sort_key(one) > after)
            if len(found) >= wanted:
                break
        return found

    def _set_up(self, template: TemplateArn, topic: TopicArn) -> None:
        published = self.topics.publish(topic, [set_up_message(template, topic, self.clock.now())])
        if published.status is PublishStatus.TOPIC_DOES_NOT_EXIST:
            raise NoSuchEntity("SNS_TOPIC_DOES_NOT_EXIST", f"{topic} does not exist.")
        if published.status is PublishStatus.ACCESS_DENIED:
            message_text = f"The service may not publish to {topic}: {published.problem}"
            raise AccessDenied("ACCESS_DENIED_TO_SNS_TOPIC", message_text[:1000])
        if published.status is not PublishStatus.SUCCESS:
            raise Unavailable(f"Nothing was subscribed: publishing to the topic failed: {published.problem}"[:1000])


def subscription_cursor(last: Subscription) -> Cursor:
    """Return the cursor after ``last``: subscriptions have neither ARN nor creation time."""
    return Cursor(created_at=NO_TIME, arn=" ".join(_sort_key(last)))


def _sort_key_of(cursor: Cursor) -> tuple[str, str]:
    template, _, digest = cursor.arn.partition(" ")
    return template, digest


def _sort_key(subscription: Subscription) -> tuple[str, str]:
    """Return the template and a digest of the topic: a topic's ARN does not fit in a token (F11.29)."""
    return subscription.template_arn, hashlib.sha256(subscription.topic_arn.encode()).hexdigest()[:_DIGITS]


def _by_topic(subscriptions: Sequence[EventSubscription]) -> Sequence[Subscription]:
    """Group subscriptions, sorted by template, topic and event, in the order of lists."""
    groups = groupby(subscriptions, key=lambda one: (one.template_arn, one.topic_arn))
    made = (
        Subscription(template_arn=template, topic_arn=topic, events=tuple(group)) for (template, topic), group in groups
    )
    return sorted(made, key=_sort_key)


def _topic_arn(text: str) -> TopicArn:
    try:
        return parse_topic_arn(text)
    except ModelError as error:
        raise InvalidInput("INVALID_SNS_TOPIC_ARN", f"{error}.") from error


def _too_many() -> LimitExceeded:
    message = "The template has the maximum number of event subscriptions."
    return LimitExceeded("EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", message)
