import pytest

from openinspector.model.notification import InspectorEvent
from openinspector.service.app.errors import InvalidInput, NoSuchEntity, NotFound
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.conformance.webhook_store import webhook
from openinspector.testing.installation import BuiltInstallation

E = InspectorEvent
TEMPLATE = builders.template().arn
URL = "https://receiver.example:8443/inspector?team=blue"


@pytest.fixture
def built(built: BuiltInstallation) -> BuiltInstallation:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    return built


def test_the_secret_is_shown_once_and_kept_sealed(built: BuiltInstallation) -> None:
    made = built.app.webhooks.create(TEMPLATE, URL, [E.OTHER, E.OTHER, E.FINDING_REPORTED])
    held = built.stores.webhooks.get(made.webhook.arn)
    assert held == made.webhook
    assert held.events == (E.OTHER, E.FINDING_REPORTED)
    assert len(made.secret) == 43
    assert made.secret.encode() not in held.sealed_secret
    assert made.secret not in repr(made)
    assert built.around.webhook_secrets.open(held.arn, held.sealed_secret) == made.secret
    other = built.app.webhooks.create(TEMPLATE, URL, [E.OTHER])
    assert other.secret != made.secret


@pytest.mark.parametrize(
    "url",
    [
        *("http://receiver.example/", "ftp://receiver.example/", "receiver.example", "https://", "https:///path", ""),
        *("https://user@receiver.example/", "https://user:word@receiver.example/", "https://receiver.example/#part"),
        *("https://receiver.example:0/", "https://receiver.example:99999/", "https://receiver.example:x/"),
        *("https://receiver.example/a b", "https://receiver.example/\r\nX-Other: 1", "https://Zürich.example/"),
        "https://[::1/",
    ],
)
def test_an_address_that_is_none_is_refused(built: BuiltInstallation, url: str) -> None:
    with pytest.raises(InvalidInput) as error:
        built.app.webhooks.create(TEMPLATE, url, [E.OTHER])
    assert error.value.code == "INVALID_ATTRIBUTE"
    assert built.stores.webhooks.templates() == []


def test_what_else_is_refused(built: BuiltInstallation) -> None:
    with pytest.raises(InvalidInput):
        built.app.webhooks.create(TEMPLATE, URL, [])
    with pytest.raises(NoSuchEntity):
        built.app.webhooks.create(builders.template(9).arn, URL, [E.OTHER])
    with pytest.raises(InvalidInput):
        built.app.webhooks.delete(TEMPLATE)
    with pytest.raises(NotFound):
        built.app.webhooks.delete(webhook().arn)


def test_what_is_on_its_way_goes_with_the_webhook(built: BuiltInstallation) -> None:
    arn = built.app.webhooks.create(TEMPLATE, URL, [E.OTHER]).webhook.arn
    built.stores.notifications.add([notification(1, subscriber=arn), notification(2, subscriber=arn, due_at=None)])
    built.app.webhooks.delete(arn)
    run = builders.run().arn
    assert [one.id for one in built.stores.notifications.of_runs([run])[run]] == [notification(2).id]
    with pytest.raises(NotFound):
        built.app.webhooks.delete(arn)
