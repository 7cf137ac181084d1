"""Webhooks: HTTPS receivers that are told of a template's runs, over operations of our own (ADR 43, ADR 45)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from openinspector.model.arn import WebhookArn, parse_webhook_arn, webhook_arn
from openinspector.model.errors import ModelError
from openinspector.model.notification import InspectorEvent, Webhook
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, LimitExceeded, NotFound
from openinspector.service.app.installation import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """A webhook just made: the only time its secret is shown."""

    webhook: Webhook
    secret: str = field(repr=False)


def create_webhook(
    installation: Installation, template_arn: str, url: str, events: Sequence[InspectorEvent]
) -> NewWebhook:
    """Let a receiver be told of events of a template's runs; InvalidInput, NoSuchEntity, LimitExceeded.

    The receiver is not asked: whether it is there shows with the first message.
    """
    template = arguments.existing_template(installation, template_arn).arn
    _check_url(url)
    if not events:
        raise InvalidInput("INVALID_EVENT", "A webhook is told of at least one event.")
    if len(installation.webhooks.of_template(template)) >= installation.quotas.subscriptions:
        message = "The template has as many webhooks as it may have."
        raise LimitExceeded("EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", message)
    arn = webhook_arn(template, installation.new_id())
    secret = installation.webhook_secrets.make()
    webhook = Webhook(
        arn=arn,
        template_arn=template,
        url=url,
        events=tuple(dict.fromkeys(events)),
        created_at=installation.clock.now(),
        sealed_secret=installation.webhook_secrets.seal(arn, secret),
    )
    installation.webhooks.add(webhook)
    return NewWebhook(webhook=webhook, secret=secret)


def delete_webhook(installation: Installation, text: str) -> None:
    """Delete a webhook, with what is on its way to it; InvalidInput, NotFound."""
    arn = _webhook_arn(text)
    held = installation.webhooks.get(arn)
    if held is None or not installation.webhooks.delete(arn):
        raise NotFound(f"The webhook {text} does not exist.")
    installation.notifications.drop(held.template_arn, arn)


def _check_url(url: str) -> None:
    """Refuse what is no plain https address; which hosts are reached is judged when they are (ADR 45)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _wrong_url() from error
    plain = url.isascii() and url.isprintable() and " " not in url
    nobody = parts.username is None and parts.password is None
    if parts.scheme != "https" or not parts.hostname or not plain or not nobody or parts.fragment or port == 0:
        raise _wrong_url()


def _wrong_url() -> InvalidInput:
    # Without the address: it may be a secret all the same, and messages are logged.
    message = "The URL is no address of a webhook: https://HOST[:PORT]/PATH, in ASCII, without user and fragment."
    return InvalidInput("INVALID_ATTRIBUTE", message)


def _webhook_arn(text: str) -> WebhookArn:
    try:
        return parse_webhook_arn(text)
    except ModelError as error:
        raise InvalidInput("INVALID_RESOURCE_ARN", f"{error}.") from error
