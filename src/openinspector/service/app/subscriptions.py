"""Event subscriptions: topics that are told of a template's runs (F10.1 to F10.6, F10.9)."""

from openinspector.model.arn import TemplateArn, TopicArn, parse_topic_arn
from openinspector.model.errors import ModelError
from openinspector.model.notification import EventSubscription, InspectorEvent, PublishStatus
from openinspector.service.app import arguments
from openinspector.service.app.errors import AccessDenied, InvalidInput, LimitExceeded, NoSuchEntity, Unavailable
from openinspector.service.app.installation import Installation
from openinspector.service.app.notifications import set_up_message
from openinspector.service.ports.subscription_store import SubscriptionLimitError


def subscribe(installation: Installation, resource: str, event: InspectorEvent, topic: str) -> None:
    """Let a topic be told of an event of a template's runs; nothing where it is already.

    A topic that is new to the template is told so, which shows that it is there and may be published to. Raises
    InvalidInput, NoSuchEntity (template or topic), AccessDenied, LimitExceeded, Unavailable.
    """
    template = arguments.existing_template(installation, resource, "INVALID_RESOURCE_ARN").arn
    topic_arn = _topic_arn(topic)
    now = installation.clock.now()
    held = installation.subscriptions.of_template(template)
    if any(one.topic_arn == topic_arn and one.event is event for one in held):
        return
    if len(held) >= installation.quotas.subscriptions:
        raise _too_many()
    if all(one.topic_arn != topic_arn for one in held):
        _set_up(installation, template, topic_arn)
    one = EventSubscription(template_arn=template, topic_arn=topic_arn, event=event, subscribed_at=now)
    try:
        installation.subscriptions.add(one, installation.quotas.subscriptions)
    except SubscriptionLimitError as error:
        raise _too_many() from error


def unsubscribe(installation: Installation, resource: str, event: InspectorEvent, topic: str) -> None:
    """Let a topic be told of an event no more, not even of what is on its way.

    Raises InvalidInput and NoSuchEntity: the template does not exist, or does not tell this topic of the event.
    """
    template = arguments.existing_template(installation, resource, "INVALID_RESOURCE_ARN").arn
    topic_arn = _topic_arn(topic)
    if not installation.subscriptions.delete(template, topic_arn, event):
        message = f"The template does not tell {topic_arn} of {event}."
        raise NoSuchEntity("SNS_TOPIC_DOES_NOT_EXIST", message)
    installation.notifications.drop(template, topic_arn, event)


def _set_up(installation: Installation, template: TemplateArn, topic: TopicArn) -> None:
    message = set_up_message(template, topic, installation.clock.now())
    published = installation.topics.publish(topic, [message])
    if published.status is PublishStatus.TOPIC_DOES_NOT_EXIST:
        raise NoSuchEntity("SNS_TOPIC_DOES_NOT_EXIST", f"{topic} does not exist.")
    if published.status is PublishStatus.ACCESS_DENIED:
        message_text = f"The service may not publish to {topic}: {published.problem}"
        raise AccessDenied("ACCESS_DENIED_TO_SNS_TOPIC", message_text[:1000])
    if published.status is not PublishStatus.SUCCESS:
        raise Unavailable(f"The topic cannot be told now, so nothing was subscribed: {published.problem}"[:1000])


def _topic_arn(text: str) -> TopicArn:
    try:
        return parse_topic_arn(text)
    except ModelError as error:
        raise InvalidInput("INVALID_SNS_TOPIC_ARN", f"{error}.") from error


def _too_many() -> LimitExceeded:
    message = "The template has as many event subscriptions as it may have."
    return LimitExceeded("EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", message)
