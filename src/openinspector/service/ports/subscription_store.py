"""Store of event subscriptions."""

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
    """The template has the maximum number of event subscriptions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The subscriptions of a topic to a template, by event (F10.3)."""

    template_arn: TemplateArn
    topic_arn: TopicArn
    events: tuple[EventSubscription, ...]


class SubscriptionStore(Protocol):
    """Stores event subscriptions."""

    def add(self, subscription: EventSubscription, most: int) -> None:
        """Add a subscription; an existing one does not change.

        Raises SubscriptionLimitError if it is new and the template has ``most``.
        """
        ...

    def delete(self, template: TemplateArn, topic: TopicArn, event: InspectorEvent) -> bool:
        """Delete a subscription; return True if it existed."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the subscriptions of a template, or of a target's templates; return the number deleted."""
        ...

    def of_template(self, template: TemplateArn) -> Sequence[EventSubscription]:
        """Return the subscriptions of a template, by topic and event."""
        ...

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Subscription]:
        """Return one page, of a template or of all, by template and `topic_digest`; cursors: `subscription_cursor`."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has subscriptions, sorted."""
        ...


def subscription_cursor(last: Subscription) -> Cursor:
    """Return the cursor after ``last``: subscriptions have neither ARN nor creation time."""
    return Cursor(created_at=_ALWAYS, arn=f"{last.template_arn} {topic_digest(last.topic_arn)}")


def subscription_key(cursor: Cursor) -> tuple[str, str]:
    """Return template and topic digest of the last subscription on the previous page."""
    template, _, digest = cursor.arn.partition(" ")
    return template, digest


def topic_digest(topic: TopicArn) -> str:
    """Return the sort key of a template's topics: a topic's ARN does not fit in a token (F11.29)."""
    return hashlib.sha256(topic.encode()).hexdigest()[:_DIGITS]
