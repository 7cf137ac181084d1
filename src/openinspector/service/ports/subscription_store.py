"""Where event subscriptions are kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from openinspector.model.arn import TargetArn, TemplateArn, TopicArn
from openinspector.model.errors import StoreError
from openinspector.model.notification import EventSubscription, InspectorEvent
from openinspector.service.ports.page import Cursor, Page, PageRequest

_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = 32


class SubscriptionLimitError(StoreError):
    """The template has as many event subscriptions as it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a topic is told of a template's runs (F10.3); by event."""

    template_arn: TemplateArn
    topic_arn: TopicArn
    events: tuple[EventSubscription, ...]


class SubscriptionStore(Protocol):
    """Keeps event subscriptions."""

    def add(self, subscription: EventSubscription, most: int) -> None:
        """Add a subscription; one that is there stays as it is.

        Raises SubscriptionLimitError where it is new and the template has ``most`` already.
        """
        ...

    def delete(self, template: TemplateArn, topic: TopicArn, event: InspectorEvent) -> bool:
        """Delete a subscription; says whether it was there."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the subscriptions of a template, or of a target's templates; says how many."""
        ...

    def of_template(self, template: TemplateArn) -> Sequence[EventSubscription]:
        """Return a template's subscriptions, by topic and event."""
        ...

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Subscription]:
        """Return one page, of a template or of all, by template and `topic_digest`; cursors: `subscription_cursor`."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has subscriptions, sorted."""
        ...


def subscription_cursor(last: Subscription) -> Cursor:
    """Return where the page after ``last`` begins; subscriptions have no ARN, and no time of their own."""
    return Cursor(created_at=_ALWAYS, arn=f"{last.template_arn} {topic_digest(last.topic_arn)}")


def subscription_key(cursor: Cursor) -> tuple[str, str]:
    """Return the template, and the digest of the topic, of the last subscription of the page before."""
    template, _, digest = cursor.arn.partition(" ")
    return template, digest


def topic_digest(topic: TopicArn) -> str:
    """Return what a template's topics are listed by: a topic's ARN itself has no room in a token (F11.29)."""
    return hashlib.sha256(topic.encode()).hexdigest()[:_DIGITS]
