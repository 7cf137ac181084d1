"""Webhooks in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Row, insert, select

from openinspector.model.arn import TargetArn, TemplateArn, WebhookArn
from openinspector.model.notification import Webhook
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores import below_template
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import WEBHOOK


class SqlWebhookStore:
    """Stores webhooks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, webhook: Webhook) -> None:
        """Add a webhook; StoreError if its ARN exists."""
        row = {
            "arn": webhook.arn,
            "template_arn": webhook.template_arn,
            "url": webhook.url,
            "events": webhook.events,
            "created_at": webhook.created_at,
            "sealed_secret": webhook.sealed_secret,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(WEBHOOK).values(**row))

    def get(self, arn: WebhookArn) -> Webhook | None:
        """Return a webhook, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(WEBHOOK).where(WEBHOOK.c.arn == arn)).one_or_none()
        return None if row is None else _webhook(row)

    def delete(self, arn: WebhookArn) -> bool:
        """Delete a webhook; return True if it existed."""
        return below_template.delete_one(self._engine, WEBHOOK, arn)

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the webhooks of a template, or of a target's templates; return the number deleted."""
        return below_template.delete_below(self._engine, WEBHOOK, parent)

    def of_template(self, template: TemplateArn) -> Sequence[Webhook]:
        """Return the webhooks of a template, oldest first."""
        query = select(WEBHOOK).where(WEBHOOK.c.arn.startswith(f"{template}/", autoescape=True))
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(WEBHOOK.c.created_at, WEBHOOK.c.arn))
            return [_webhook(row) for row in found]

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Webhook]:
        """Return one page of the webhooks of a template, or of all."""
        return below_template.list_page(self._engine, WEBHOOK, template, page, _webhook)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has webhooks, sorted."""
        return below_template.templates(self._engine, WEBHOOK)


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        arn=row.arn,
        template_arn=row.template_arn,
        url=row.url,
        events=row.events,
        created_at=row.created_at,
        sealed_secret=bytes(row.sealed_secret),
    )
