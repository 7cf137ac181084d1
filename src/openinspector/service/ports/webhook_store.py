"""Store of webhooks."""

from collections.abc import Sequence
from typing import Protocol

from openinspector.model.arn import TargetArn, TemplateArn, WebhookArn
from openinspector.model.notification import Webhook
from openinspector.service.ports.page import Page, PageRequest


class WebhookStore(Protocol):
    """Stores webhooks."""

    def add(self, webhook: Webhook) -> None:
        """Add a webhook; StoreError if its ARN exists."""
        ...

    def get(self, arn: WebhookArn) -> Webhook | None:
        """Return a webhook, or None."""
        ...

    def delete(self, arn: WebhookArn) -> bool:
        """Delete a webhook; return True if it existed."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the webhooks of a template, or of a target's templates; return the number deleted."""
        ...

    def of_template(self, template: TemplateArn) -> Sequence[Webhook]:
        """Return the webhooks of a template, oldest first."""
        ...

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Webhook]:
        """Return one page of the webhooks of a template, or of all."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has webhooks, sorted."""
        ...
