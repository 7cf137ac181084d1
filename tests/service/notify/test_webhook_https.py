"""Against a receiver over real TLS that is prompt, dead, slow, endless, or sends elsewhere."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.model.notification import PublishStatus
from openinspector.service.notify.webhook_https import AuthorityError, HttpsWebhookPublisher, WebhookBounds, sign
from openinspector.service.ports.publisher import Message, Published, WebhookEndpoint
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.model_builders import moment
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.testing.webhook_receiver import WebhookReceiver, webhook_receiver

SECRET = "the receiver's"
MESSAGES = [Message(id=f"{n:032x}", event="FINDING_REPORTED", body=f'{{"n": {n}, "name": "Zürich"}}') for n in range(3)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ThrowawayAuthority:
    return ThrowawayAuthority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def receiver(authority: ThrowawayAuthority) -> Iterator[WebhookReceiver]:
    with webhook_receiver(authority.server_context()) as running:
        yield running


def publisher(ca_file: Path | None, *, seconds: float = 20, loopback: bool = True) -> HttpsWebhookPublisher:
    bounds = WebhookBounds(ca_file=ca_file, loopback=loopback, seconds=seconds)
    return HttpsWebhookPublisher(bounds, FakeClock(moment(0)))


def posted(url: str, used: HttpsWebhookPublisher, count: int = 1) -> Published:
    return used.publish(WebhookEndpoint(url=url, secret=SECRET), MESSAGES[:count])


def test_messages_arrive_in_order_signed_over_one_connection(
    receiver: WebhookReceiver, authority: ThrowawayAuthority
) -> None:
    published = posted(receiver.url, publisher(authority.ca_file), 3)
    assert (published.count, published.status) == (3, PublishStatus.SUCCESS)
    assert [json.loads(one.body) for one in receiver.posted] == [json.loads(message.body) for message in MESSAGES]
    assert receiver.connections == 1
    first = receiver.posted[0]
    assert first.path == "/inspector?from=test"
    assert first.headers["X-OpenInspector-Delivery"] == MESSAGES[0].id
    assert first.headers["X-OpenInspector-Event"] == "FINDING_REPORTED"
    assert first.headers["Content-Type"] == "application/json"
    at, _, signature = first.headers["X-OpenInspector-Signature"].partition(",v1=")
    assert at == f"t={int(moment(0).timestamp())}"
    signed = f"{at[2:]}.".encode() + first.body
    assert hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest() == signature


def test_a_signature_holds_for_one_body_time_and_secret() -> None:
    assert sign("a", 1, b"body") == sign("a", 1, b"body")
    assert len({sign("a", 1, b"body"), sign("b", 1, b"body"), sign("a", 2, b"body"), sign("a", 1, b"other")}) == 4


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, PublishStatus.INTERNAL_ERROR),
        (429, PublishStatus.INTERNAL_ERROR),
        (401, PublishStatus.ACCESS_DENIED),
        (403, PublishStatus.ACCESS_DENIED),
        (404, PublishStatus.TOPIC_DOES_NOT_EXIST),
        (410, PublishStatus.TOPIC_DOES_NOT_EXIST),
    ],
)
def test_rejected_deliveries_are_not_counted(
    receiver: WebhookReceiver, authority: ThrowawayAuthority, status: int, kind: PublishStatus
) -> None:
    receiver.status = status
    published = posted(receiver.url, publisher(authority.ca_file), 3)
    assert (published.count, published.status) == (0, kind)
    assert str(status) in published.problem
    assert len(receiver.posted) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: WebhookReceiver, authority: ThrowawayAuthority, status: int) -> None:
    with webhook_receiver(authority.server_context()) as elsewhere:
        receiver.status, receiver.location = status, elsewhere.url
        published = posted(receiver.url, publisher(authority.ca_file))
        assert published.status is PublishStatus.INTERNAL_ERROR
        assert "redirects are not followed" in published.problem
        assert elsewhere.posted == []


@pytest.mark.parametrize("conduct", ["hang", "drip"])
def test_slow_receiver_times_out(receiver: WebhookReceiver, authority: ThrowawayAuthority, conduct: str) -> None:
    """Dripping a byte at a time would outlast any pause between two reads."""
    receiver.conduct = conduct
    published = posted(receiver.url, publisher(authority.ca_file, seconds=0.5))
    assert (published.count, published.status) == (0, PublishStatus.INTERNAL_ERROR)
    assert "longer than" in published.problem or "timed out" in published.problem
    assert receiver.arrived.is_set()


def test_endless_answer_is_not_read(receiver: WebhookReceiver, authority: ThrowawayAuthority) -> None:
    """The answer counts, the connection ends, and the next message is posted over a new one."""
    receiver.conduct = "flood"
    assert posted(receiver.url, publisher(authority.ca_file), 2).count == 2
    assert receiver.connections == 2


def test_missing_receiver_is_unreachable(authority: ThrowawayAuthority) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        published = posted(f"https://127.0.0.1:{unused.getsockname()[1]}/", publisher(authority.ca_file))
    assert (published.count, published.status) == (0, PublishStatus.INTERNAL_ERROR)


def test_a_receiver_of_another_authority_is_not_notified(receiver: WebhookReceiver, tmp_path: Path) -> None:
    other = ThrowawayAuthority(tmp_path, "other").ca_file
    for ca_file in (other, None):
        assert "CERTIFICATE_VERIFY_FAILED" in posted(receiver.url, publisher(ca_file)).problem
    assert receiver.posted == []


def test_a_receiver_with_a_certificate_for_another_name_is_not_notified(authority: ThrowawayAuthority) -> None:
    with webhook_receiver(authority.server_context("elsewhere.example")) as impostor:
        assert "mismatch" in posted(impostor.url, publisher(authority.ca_file)).problem
        assert impostor.posted == []


def test_this_host_is_not_notified_unless_the_operator_allows(
    receiver: WebhookReceiver, authority: ThrowawayAuthority
) -> None:
    published = posted(receiver.url, publisher(authority.ca_file, loopback=False))
    assert "it is this host itself" in published.problem
    assert receiver.connections == 0


def test_proxies_are_not_used(
    receiver: WebhookReceiver, authority: ThrowawayAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would connect to what was not judged."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY")
    assert posted(receiver.url, publisher(authority.ca_file)).count == 1


def test_unreadable_authority_is_reported_at_once(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("none")
    for ca_file in (nonsense, tmp_path / "absent.pem"):
        with pytest.raises(AuthorityError, match=ca_file.name):
            publisher(ca_file)
