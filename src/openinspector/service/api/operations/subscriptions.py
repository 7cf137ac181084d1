"""Event subscriptions: topics that receive events of a template's runs."""

from functools import partial
from typing import Final

from openinspector.model.notification import InspectorEvent
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.subscriptions import Subscription

_SUBSCRIPTIONS: Final = Listing(operation="ListEventSubscriptions", cap=50)
"""Longest list in an answer."""


def subscribe_to_event(services: ApiServices, arguments: Json) -> None:
    """Subscribe a topic to an event of a template's runs."""
    event = InspectorEvent(arguments["event"])
    services.app.subscriptions.subscribe(arguments["resourceArn"], event, arguments["topicArn"])


def unsubscribe_from_event(services: ApiServices, arguments: Json) -> None:
    """Unsubscribe a topic from an event of a template's runs."""
    event = InspectorEvent(arguments["event"])
    services.app.subscriptions.unsubscribe(arguments["resourceArn"], event, arguments["topicArn"])


def list_event_subscriptions(services: ApiServices, arguments: Json) -> Json:
    """List subscriptions by template and topic (F10.3)."""
    list_page = partial(services.app.subscriptions.list_page, arguments.get("resourceArn"))
    rows, more = _SUBSCRIPTIONS.page(services, arguments, list_page)
    return {"subscriptions": [_subscription(row) for row in rows], **more}


def _subscription(subscription: Subscription) -> Json:
    return {
        "resourceArn": subscription.template_arn,
        "topicArn": subscription.topic_arn,
        "eventSubscriptions": [{"event": one.event, "subscribedAt": one.subscribed_at} for one in subscription.events],
    }
