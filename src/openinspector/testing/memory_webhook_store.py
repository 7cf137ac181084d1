"""The webhook store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence

from openinspector.model.arn import TargetArn, TemplateArn, WebhookArn
from openinspector.model.errors import StoreError
from openinspector.model.notification import Webhook
from openinspector.service.ports.page import Page, PageRequest
from openinspector.testing.memory_page import page_of


class MemoryWebhookStore:
    """Stores everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._webhooks: dict[WebhookArn, Webhook] = {}

    def add(self, webhook: Webhook) -> None:
        """Add a webhook; StoreError if its ARN exists."""
        with self._lock:
            if webhook.arn in self._webhooks:
                raise StoreError(f"there is a {webhook.arn} already")
            self._webhooks[webhook.arn] = webhook

    def get(self, arn: WebhookArn) -> Webhook | None:
        """Return a webhook, or None."""
        with self._lock:
            return self._webhooks.get(arn)

    def delete(self, arn: WebhookArn) -> bool:
        """Delete a webhook; return True if it existed."""
        with self._lock:
            return self._webhooks.pop(arn, None) is not None

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the webhooks of a template, or of a target's templates; return the number deleted."""
        with self._lock:
            below = [arn for arn in self._webhooks if arn.startswith(f"{parent}/")]
            for arn in below:
                del self._webhooks[arn]
            return len(below)

    def of_template(self, template: TemplateArn) -> Sequence[Webhook]:
        """Return the webhooks of a template, oldest first."""
        return self.list_page(template, PageRequest(limit=len(self._webhooks) + 1)).rows

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Webhook]:
        """Return one page of the webhooks of a template, or of all."""
        with self._lock:
            found = [one for one in self._webhooks.values() if template in (None, one.template_arn)]
        return page_of(found, lambda one: (one.created_at, one.arn), page)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has webhooks, sorted."""
        with self._lock:
            return sorted({one.template_arn for one in self._webhooks.values()})
