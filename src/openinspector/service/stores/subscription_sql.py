"""Event subscriptions in SQL."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select, tuple_

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
from openinspector.service.stores import below_template
from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import EVENT_SUBSCRIPTION as TABLE
from openinspector.service.stores.schema import TEMPLATE

_KEY = ("template_arn", "topic_arn", "event")


class SqlSubscriptionStore:
    """Stores event subscriptions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, subscription: EventSubscription, most: int) -> None:
        """Add a subscription; an existing one does not change. SubscriptionLimitError."""
        row = {
            "template_arn": subscription.template_arn,
            "topic_arn": subscription.topic_arn,
            "event": subscription.event,
            "subscribed_at": subscription.subscribed_at,
        }
        counted = select(func.count()).select_from(TABLE).where(TABLE.c.template_arn == subscription.template_arn)
        with writing(self._engine) as connection:
            # Serialize per template: otherwise two could both take the last place.
            connection.execute(
                select(TEMPLATE.c.arn).where(TEMPLATE.c.arn == subscription.template_arn).with_for_update()
            )
            if add_new(connection, TABLE, _KEY, row) and connection.execute(counted).scalar_one() > most:
                raise SubscriptionLimitError("the template has as many event subscriptions as it may have")

    def delete(self, template: TemplateArn, topic: TopicArn, event: InspectorEvent) -> bool:
        """Delete a subscription; return True if it existed."""
        one = delete(TABLE).where(TABLE.c.template_arn == template, TABLE.c.topic_arn == topic, TABLE.c.event == event)
        with writing(self._engine) as connection:
            return connection.execute(one).rowcount == 1

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the subscriptions of a template, or of a target's templates; return the number deleted."""
        below = (TABLE.c.template_arn == parent) | TABLE.c.template_arn.startswith(f"{parent}/", autoescape=True)
        with writing(self._engine) as connection:
            return connection.execute(delete(TABLE).where(below)).rowcount

    def of_template(self, template: TemplateArn) -> Sequence[EventSubscription]:
        """Return the subscriptions of a template, by topic and event."""
        query = select(TABLE).where(TABLE.c.template_arn == template).order_by(TABLE.c.topic_arn, TABLE.c.event)
        with reading(self._engine) as connection:
            return [_subscription(row) for row in connection.execute(query)]

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Subscription]:
        """Return one page, of a template or of all, by template and digest of the topic."""
        after = ("", "") if page.after is None else subscription_key(page.after)
        with reading(self._engine) as connection:
            if template is not None:
                held = _topics(connection, template, template)
            else:
                held = _topics(connection, after[0], _last_template(connection, after[0], page.limit + 1))
            found = [key for key in held if (key[0], topic_digest(key[1])) > after]
            rows = _groups(connection, found[: page.limit])
        more = subscription_cursor(rows[-1]) if len(found) > page.limit and rows else None
        return Page(rows=rows, next=more)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has subscriptions, sorted."""
        return below_template.templates(self._engine, TABLE)


def _last_template(connection: Connection, after: str, count: int) -> str:
    """Return the template up to which the next ``count`` rows are found."""
    beyond = select(TABLE.c.template_arn, TABLE.c.topic_arn).distinct().where(TABLE.c.template_arn > after)
    found = connection.scalars(beyond.order_by(TABLE.c.template_arn).limit(count)).all()
    return found[-1] if found else after


def _topics(connection: Connection, first: str, last: str) -> list[tuple[TemplateArn, TopicArn]]:
    """Return templates from ``first`` to ``last``, each with its topics (a template has few), as they are listed."""
    query = select(TABLE.c.template_arn, TABLE.c.topic_arn).distinct()
    found = connection.execute(query.where(TABLE.c.template_arn >= first, TABLE.c.template_arn <= last)).all()
    return sorted(((row.template_arn, row.topic_arn) for row in found), key=lambda key: (key[0], topic_digest(key[1])))


def _groups(connection: Connection, keys: Sequence[tuple[TemplateArn, TopicArn]]) -> list[Subscription]:
    wanted = select(TABLE).where(tuple_(TABLE.c.template_arn, TABLE.c.topic_arn).in_(keys))
    ordered = wanted.order_by(TABLE.c.template_arn, TABLE.c.topic_arn, TABLE.c.event)
    found = [_subscription(row) for row in connection.execute(ordered)]
    groups = groupby(found, key=lambda one: (one.template_arn, one.topic_arn))
    events = {key: tuple(group) for key, group in groups}
    return [Subscription(template_arn=key[0], topic_arn=key[1], events=events[key]) for key in keys]


def _subscription(row: Row[Any]) -> EventSubscription:
    return EventSubscription(
        template_arn=row.template_arn,
        topic_arn=row.topic_arn,
        event=InspectorEvent(row.event),
        subscribed_at=row.subscribed_at,
    )
