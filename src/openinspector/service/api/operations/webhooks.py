"""Webhooks: additional operations that the vendor does not have (ADR 43)."""

from functools import partial
from typing import Final

from openinspector.model.notification import InspectorEvent, Webhook
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json

_WEBHOOKS: Final = Listing(operation="ListWebhooks")


def create_webhook(services: ApiServices, arguments: Json) -> Json:
    """Create a webhook for events of a template's runs. The secret is returned only here."""
    events = [InspectorEvent(event) for event in arguments["events"]]
    template, url = arguments["assessmentTemplateArn"], arguments["url"]
    made = services.app.webhooks.create(template, url, events)
    return {"webhook": _webhook(made.webhook), "secret": made.secret}


def list_webhooks(services: ApiServices, arguments: Json) -> Json:
    """List webhooks of a template, or all."""
    list_page = partial(services.app.webhooks.list_page, arguments.get("assessmentTemplateArn"))
    rows, more = _WEBHOOKS.page(services, arguments, list_page)
    return {"webhooks": [_webhook(row) for row in rows], **more}


def delete_webhook(services: ApiServices, arguments: Json) -> None:
    """Delete a webhook and its undelivered messages."""
    services.app.webhooks.delete(arguments["webhookArn"])


def _webhook(webhook: Webhook) -> Json:
    return {
        "arn": webhook.arn,
        "assessmentTemplateArn": webhook.template_arn,
        "url": webhook.url,
        "events": webhook.events,
        "createdAt": webhook.created_at,
    }
