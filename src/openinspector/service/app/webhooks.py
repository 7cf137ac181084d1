"""Webhooks: HTTPS receivers of events of a template's runs; an extension of the vendor's API (ADR 43)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from openinspector.model.arn import WebhookArn, parse_webhook_arn, webhook_arn
from openinspector.model.errors import ModelError
from openinspector.model.notification import InspectorEvent, Webhook
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, LimitExceeded, NotFound
from openinspector.service.app.quotas import Quotas
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.record_store import RecordLimitError, WebhookStore


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """A new webhook and its secret, which is shown only once."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """Creates, deletes and finds webhooks."""

    webhooks: WebhookStore
    assessments: AssessmentStore
    notifications: NotificationStore
    secrets: SecretBox
    quotas: Quotas
    clock: Clock
    new_id: NewId
    host_refusal: Callable[[str], str | None]
    """Returns why nothing can ever be delivered to a host; None if it may be."""

    def create(self, template_arn: str, url: str, events: Sequence[InspectorEvent]) -> NewWebhook:
        """Add a receiver of events of a template's runs; InvalidInput, NoSuchEntity, LimitExceeded.

        The receiver is not contacted until the first event.
        """
        template = arguments.existing_template(self.assessments, template_arn).arn
        self._check_url(url)
        if not events:
            raise InvalidInput("INVALID_EVENT", "A webhook needs at least one event.")
        arn = webhook_arn(template, self.new_id())
        secret = self.secrets.make()
        webhook = Webhook(
            arn=arn,
            template_arn=template,
            url=url,
            events=tuple(dict.fromkeys(events)),
            created_at=self.clock.now(),
            sealed_secret=self.secrets.seal(arn, secret),
        )
        try:
            self.webhooks.add(webhook, self.quotas.subscriptions)
        except RecordLimitError as error:
            message = "The template has the maximum number of webhooks."
            raise LimitExceeded("EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", message) from error
        return NewWebhook(webhook=webhook, secret=secret)

    def delete(self, text: str) -> None:
        """Delete a webhook and drop its undelivered messages; InvalidInput, NotFound."""
        arn = _webhook_arn(text)
        held = self.webhooks.get(arn)
        if held is None or not self.webhooks.delete(arn):
            raise NotFound(f"The webhook {text} does not exist.")
        self.notifications.drop(held.template_arn, arn)

    def list_page(self, template_arn: str | None, page: PageRequest) -> Page[Webhook]:
        """Return one page of the webhooks of a template, or of all; InvalidInput, NoSuchEntity."""
        template = None
        if template_arn is not None:
            template = arguments.existing_template(self.assessments, template_arn).arn
        return self.webhooks.list_page(template, page)

    def _check_url(self, url: str) -> None:
        """Raise InvalidInput unless ``url`` may be delivered to. The addresses of its host are checked on delivery."""
        why = self.host_refusal(_host_of(url))
        if why is not None:
            raise InvalidInput("INVALID_ATTRIBUTE", f"Nothing is delivered to the URL's host: {why}.")


def _host_of(url: str) -> str:
    """Return the host of a plain https URL; InvalidInput for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _wrong_url() from error
    plain = url.isascii() and url.isprintable() and " " not in url
    no_user = parts.username is None and parts.password is None
    if parts.scheme != "https" or not parts.hostname or not plain or not no_user or parts.fragment or port == 0:
        raise _wrong_url()
    return parts.hostname


def _wrong_url() -> InvalidInput:
    # Without the URL: it may contain a secret, and messages are logged.
    message = "The URL must be https://HOST[:PORT]/PATH, in ASCII, without user or fragment."
    return InvalidInput("INVALID_ATTRIBUTE", message)


def _webhook_arn(text: str) -> WebhookArn:
    try:
        return parse_webhook_arn(text)
    except ModelError as error:
        raise InvalidInput("INVALID_RESOURCE_ARN", f"{error}.") from error
