"""Contract tests for every webhook store. Subclass, and provide an empty one as the fixture ``store``."""

from dataclasses import replace
from typing import Any

import pytest

from openinspector.model.arn import webhook_arn
from openinspector.model.errors import StoreError
from openinspector.model.notification import InspectorEvent, Webhook
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.webhook_store import WebhookStore
from openinspector.testing import model_builders as builders


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


class WebhookStoreSuite:
    """The contract of `WebhookStore`."""

    def test_a_webhook_comes_back_as_it_was_added(self, store: WebhookStore) -> None:
        """Every field of it; its ARN is taken from then on, until it is deleted."""
        made = webhook(url="https://receiver.example/Zürich?a=%20")
        store.add(made)
        assert store.get(made.arn) == made
        assert store.get(webhook(2).arn) is None
        with pytest.raises(StoreError):
            store.add(made)
        assert store.delete(made.arn)
        assert not store.delete(made.arn)
        assert store.get(made.arn) is None

    def test_what_is_below_goes_with_its_parent(self, store: WebhookStore) -> None:
        """Of a template, or of every template of a target."""
        for made in (webhook(1), webhook(2), webhook(3, template=2), webhook(4, template=3, target=2)):
            store.add(made)
        assert list(store.of_template(webhook().template_arn)) == [webhook(1), webhook(2)]
        assert len(store.templates()) == len({1, 2, 3})
        assert store.delete_below(builders.template(1).arn) == len((webhook(1), webhook(2)))
        assert store.delete_below(builders.target(1).arn) == 1
        assert store.templates() == [webhook(4, template=3, target=2).template_arn]

    def test_they_are_listed_in_pages(self, store: WebhookStore) -> None:
        """By time of creation; all, or those of one template."""
        made = [webhook(1), webhook(2, template=2), webhook(3)]
        for one in reversed(made):
            store.add(one)
        first = store.list_page(None, PageRequest(limit=2))
        assert list(first.rows) == made[:2]
        assert list(store.list_page(None, PageRequest(limit=2, after=first.next)).rows) == made[2:]
        assert list(store.list_page(made[0].template_arn, PageRequest(limit=9)).rows) == [made[0], made[2]]
