"""The subscription store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from itertools import groupby

from openinspector.model.arn import TargetArn, TemplateArn, TopicArn
from openinspector.model.notification import EventSubscription, InspectorEvent
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.subscription_store import (
    Subscription,
    SubscriptionLimitError,
    subscription_cursor,
    subscription_key,
    topic_digest,
)


class MemorySubscriptionStore:
    """Keeps everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held: dict[tuple[TemplateArn, TopicArn, InspectorEvent], EventSubscription] = {}

    def add(self, subscription: EventSubscription, most: int) -> None:
        """Add a subscription; one that is there stays as it is. SubscriptionLimitError."""
        key = (subscription.template_arn, subscription.topic_arn, subscription.event)
        with self._lock:
            if key in self._held:
                return
            if len(self.of_template(subscription.template_arn)) >= most:
                raise SubscriptionLimitError("the template has as many event subscriptions as it may have")
            self._held[key] = subscription

    def delete(self, template: TemplateArn, topic: TopicArn, event: InspectorEvent) -> bool:
        """Delete a subscription; says whether it was there."""
        with self._lock:
            return self._held.pop((template, topic, event), None) is not None

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the subscriptions of a template, or of a target's templates; says how many."""
        with self._lock:
            below = [key for key in self._held if f"{key[0]}/".startswith(f"{parent}/")]
            for key in below:
                del self._held[key]
            return len(below)

    def of_template(self, template: TemplateArn) -> Sequence[EventSubscription]:
        """Return a template's subscriptions, by topic and event."""
        with self._lock:
            return [self._held[key] for key in sorted(self._held) if key[0] == template]

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Subscription]:
        """Return one page, of a template or of all, by template and digest of the topic."""
        with self._lock:
            keys = sorted(self._held, key=lambda key: (key[0], topic_digest(key[1]), key[2]))
            held = [self._held[key] for key in keys if template in (None, key[0])]
        groups = groupby(held, key=lambda one: (one.template_arn, one.topic_arn))
        after = ("", "") if page.after is None else subscription_key(page.after)
        found = [
            Subscription(template_arn=key[0], topic_arn=key[1], events=tuple(events))
            for key, events in groups
            if (key[0], topic_digest(key[1])) > after
        ]
        rows = found[: page.limit]
        return Page(rows=rows, next=subscription_cursor(rows[-1]) if len(found) > page.limit and rows else None)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has subscriptions, sorted."""
        with self._lock:
            return sorted({key[0] for key in self._held})
