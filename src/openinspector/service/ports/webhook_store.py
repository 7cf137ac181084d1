"""Where webhooks are kept."""

from collections.abc import Sequence
from typing import Protocol

from openinspector.model.arn import TargetArn, TemplateArn, WebhookArn
from openinspector.model.notification import Webhook
from openinspector.service.ports.page import Page, PageRequest


class WebhookStore(Protocol):
    """Keeps webhooks."""

    def add(self, webhook: Webhook) -> None:
        """Add a webhook; StoreError where its ARN is taken."""
        ...

    def get(self, arn: WebhookArn) -> Webhook | None:
        """Return a webhook, or None."""
        ...

    def delete(self, arn: WebhookArn) -> bool:
        """Delete a webhook; says whether it was there."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the webhooks of a template, or of a target's templates; says how many."""
        ...

    def of_template(self, template: TemplateArn) -> Sequence[Webhook]:
        """Return a template's webhooks, oldest first."""
        ...

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Webhook]:
        """Return one page of a template's webhooks, or of all."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has webhooks, sorted."""
        ...
