import pytest

from openinspector.model.notification import InspectorEvent
from openinspector.service.app.errors import InvalidInput, NoSuchEntity, NotFound
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.installation import BuiltInstallation
from openinspector.testing.record_builders import webhook

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
def test_invalid_address_is_refused(built: BuiltInstallation, url: str) -> None:
    with pytest.raises(InvalidInput) as error:
        built.app.webhooks.create(TEMPLATE, url, [E.OTHER])
    assert error.value.code == "INVALID_ATTRIBUTE"
    assert built.stores.webhooks.templates() == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "localhost", "x.LocalHost."),
        *("169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "0.0.0.0", "224.0.0.1", "255.255.255.255"),
    ],
)
def test_blocked_host_is_refused(built: BuiltInstallation, host: str) -> None:
    with pytest.raises(InvalidInput, match="Nothing is delivered") as error:
        built.app.webhooks.create(TEMPLATE, f"https://{host}:8443/token", [E.OTHER])
    assert "token" not in str(error.value)
    assert built.stores.webhooks.templates() == []


@pytest.mark.parametrize("host", ["receiver.example", "10.0.0.1", "[fd12::1]", "nobody.invalid"])
def test_other_hosts_are_checked_on_delivery(built: BuiltInstallation, host: str) -> None:
    assert built.app.webhooks.create(TEMPLATE, f"https://{host}/", [E.OTHER]).webhook.url == f"https://{host}/"


def test_rejects_other_invalid_requests(built: BuiltInstallation) -> None:
    with pytest.raises(InvalidInput):
        built.app.webhooks.create(TEMPLATE, URL, [])
    with pytest.raises(NoSuchEntity):
        built.app.webhooks.create(builders.template(9).arn, URL, [E.OTHER])
    with pytest.raises(InvalidInput):
        built.app.webhooks.delete(TEMPLATE)
    with pytest.raises(NotFound):
        built.app.webhooks.delete(webhook().arn)


def test_pending_notifications_are_deleted_with_the_webhook(built: BuiltInstallation) -> None:
    arn = built.app.webhooks.create(TEMPLATE, URL, [E.OTHER]).webhook.arn
    built.stores.notifications.add([notification(1, subscriber=arn), notification(2, subscriber=arn, due_at=None)])
    built.app.webhooks.delete(arn)
    run = builders.run().arn
    assert [one.id for one in built.stores.notifications.of_runs([run])[run]] == [notification(2).id]
    with pytest.raises(NotFound):
        built.app.webhooks.delete(arn)
