"""Event subscriptions in SQL."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, literal, select, tuple_

from openinspector.model.arn import TargetArn, TemplateArn, TopicArn
from openinspector.model.notification import EventSubscription, InspectorEvent
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.subscription_store import (
    Subscription,
    SubscriptionLimitError,
    subscription_cursor,
    subscription_key,
)
from openinspector.service.stores.columns import Word
from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import EVENT_SUBSCRIPTION as TABLE
from openinspector.service.stores.schema import TEMPLATE

_KEY = ("template_arn", "topic_arn", "event")


class SqlSubscriptionStore:
    """Keeps event subscriptions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, subscription: EventSubscription, most: int) -> None:
        """Add a subscription; one that is there stays as it is. SubscriptionLimitError."""
        row = {
            "template_arn": subscription.template_arn,
            "topic_arn": subscription.topic_arn,
            "event": subscription.event,
            "subscribed_at": subscription.subscribed_at,
        }
        counted = select(func.count()).select_from(TABLE).where(TABLE.c.template_arn == subscription.template_arn)
        with writing(self._engine) as connection:
            # One at a time for a template, or two would both find the last place free.
            connection.execute(
                select(TEMPLATE.c.arn).where(TEMPLATE.c.arn == subscription.template_arn).with_for_update()
            )
            if add_new(connection, TABLE, _KEY, row) and connection.execute(counted).scalar_one() > most:
                raise SubscriptionLimitError("the template has as many event subscriptions as it may have")

    def delete(self, template: TemplateArn, topic: TopicArn, event: InspectorEvent) -> bool:
        """Delete a subscription; says whether it was there."""
        one = delete(TABLE).where(TABLE.c.template_arn == template, TABLE.c.topic_arn == topic, TABLE.c.event == event)
        with writing(self._engine) as connection:
            return connection.execute(one).rowcount == 1

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the subscriptions of a template, or of a target's templates; says how many."""
        below = (TABLE.c.template_arn == parent) | TABLE.c.template_arn.startswith(f"{parent}/", autoescape=True)
        with writing(self._engine) as connection:
            return connection.execute(delete(TABLE).where(below)).rowcount

    def of_template(self, template: TemplateArn) -> Sequence[EventSubscription]:
        """Return a template's subscriptions, by topic and event."""
        query = select(TABLE).where(TABLE.c.template_arn == template).order_by(TABLE.c.topic_arn, TABLE.c.event)
        with reading(self._engine) as connection:
            return [_subscription(row) for row in connection.execute(query)]

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Subscription]:
        """Return one page, of a template or of all, by template and topic."""
        key = (TABLE.c.template_arn, TABLE.c.topic_arn)
        query = select(*key).distinct().order_by(*key).limit(page.limit + 1)
        if template is not None:
            query = query.where(TABLE.c.template_arn == template)
        if page.after is not None:
            after = subscription_key(page.after)
            query = query.where(tuple_(*key) > tuple_(literal(after[0], Word), literal(after[1], Word)))
        with reading(self._engine) as connection:
            found = connection.execute(query).all()
            rows = _groups(connection, [(row.template_arn, row.topic_arn) for row in found[: page.limit]])
        more = subscription_cursor(rows[-1]) if len(found) > page.limit and rows else None
        return Page(rows=rows, next=more)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has subscriptions, sorted."""
        query = select(TABLE.c.template_arn).distinct().order_by(TABLE.c.template_arn)
        with reading(self._engine) as connection:
            return [TemplateArn(arn) for arn in connection.scalars(query)]


def _groups(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[Subscription]:
    wanted = select(TABLE).where(tuple_(TABLE.c.template_arn, TABLE.c.topic_arn).in_(keys))
    ordered = wanted.order_by(TABLE.c.template_arn, TABLE.c.topic_arn, TABLE.c.event)
    found = [_subscription(row) for row in connection.execute(ordered)]
    return [
        Subscription(template_arn=template, topic_arn=topic, events=tuple(events))
        for (template, topic), events in groupby(found, key=lambda one: (one.template_arn, one.topic_arn))
    ]


def _subscription(row: Row[Any]) -> EventSubscription:
    return EventSubscription(
        template_arn=row.template_arn,
        topic_arn=row.topic_arn,
        event=InspectorEvent(row.event),
        subscribed_at=row.subscribed_at,
    )
