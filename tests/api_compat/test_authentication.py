"""Who may ask: keys, signatures and regions, as a real client sends them."""

import ssl
from datetime import timedelta
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import SSLError
from tests.api_compat.assessments import refusal
from tests.api_compat.endpoint import ONE_ATTEMPT, SESSION, Endpoint

from openinspector.service.app.access_keys import READ_ONLY, NewAccessKey
from openinspector.testing.counts import count_targets


def code(client: Any, operation: str = "list_rules_packages", **arguments: Any) -> str:
    status, exception, _ = refusal(client, operation, **arguments)
    assert status == 400
    return exception


def test_an_unsigned_request(endpoint: Endpoint) -> None:
    unsigned = ONE_ATTEMPT.merge(Config(signature_version=UNSIGNED))
    assert code(endpoint.client(config=unsigned)) == "MissingAuthenticationTokenException"


def test_a_wrong_secret(endpoint: Endpoint) -> None:
    assert code(endpoint.client(secret="x" * 40)) == "InvalidSignatureException"


def test_unknown_key(endpoint: Endpoint) -> None:
    foreign = NewAccessKey(id="AKIAAAAAAAAAAAAAAAAA", secret="x" * 40, user="nobody")
    assert code(endpoint.client(foreign)) == "UnrecognizedClientException"


def test_another_region(endpoint: Endpoint) -> None:
    assert code(endpoint.client(region="eu-west-1")) == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_wrong_clock(endpoint: Endpoint, minutes: int) -> None:
    endpoint.built.clock.advance(60 * minutes)
    assert code(endpoint.client()) == "InvalidSignatureException"


def test_a_deleted_key(endpoint: Endpoint) -> None:
    client = endpoint.client()
    assert client.list_findings()["findingArns"] == []
    endpoint.built.stores.access_keys.delete(endpoint.key.id)
    assert code(client) == "UnrecognizedClientException"


def temporary(endpoint: Endpoint, *, token: str | None = None, hours: int = 1) -> Any:
    """Return a client with temporary credentials; ``token`` replaces their own."""
    stored = endpoint.built.stores.access_keys.get(endpoint.key.id)
    assert stored is not None
    now = endpoint.built.clock.now()
    made = endpoint.built.services.temporary_credentials.make(stored, timedelta(hours=hours), now)
    return SESSION.client(
        "inspector",
        endpoint_url=endpoint.url,
        verify=str(endpoint.listener.ca),
        region_name="us-east-1",
        aws_access_key_id=made.id,
        aws_secret_access_key=made.secret,
        aws_session_token=made.token if token is None else token,
        config=ONE_ATTEMPT,
    )


def test_temporary_credentials(endpoint: Endpoint) -> None:
    client = temporary(endpoint)
    assert client.list_rules_packages()["rulesPackageArns"]
    assert code(temporary(endpoint, token="bm9uc2Vuc2U=")) == "UnrecognizedClientException"
    assert code(temporary(endpoint, hours=0)) == "ExpiredTokenException"
    endpoint.built.stores.access_keys.delete(endpoint.key.id)
    assert code(client) == "UnrecognizedClientException"


def test_replayed_request_is_refused(endpoint: Endpoint) -> None:
    """Two equal calls within a second are honest; the same signature later is not."""
    sent: list[Any] = []
    client = endpoint.client()
    client.meta.events.register("before-send.inspector", lambda request, **_: sent.append(request))
    client.list_rules_packages()
    replay = {
        name: str(value, "latin-1") if isinstance(value, bytes) else value for name, value in sent[0].headers.items()
    }
    for seconds, status in ((0, 200), (4, 200), (10, 400)):
        endpoint.built.clock.advance(seconds)
        answer = httpx.post(
            sent[0].url,
            content=sent[0].body,
            headers=replay,
            verify=ssl.create_default_context(cafile=endpoint.listener.ca),
        )
        assert answer.status_code == status
    assert answer.json()["__type"] == "InvalidSignatureException"
    client.list_findings()


def test_a_key_for_reading_does_not_write(endpoint: Endpoint) -> None:
    client = endpoint.client(endpoint.another_key(*READ_ONLY))
    assert client.list_rules_packages()["rulesPackageArns"]
    with pytest.raises(client.exceptions.AccessDeniedException, match="user/other is not authorized") as denied:
        client.create_assessment_target(assessmentTargetName="web")
    assert denied.value.response["errorCode"] == "ACCESS_DENIED_TO_ASSESSMENT_TARGET"
    assert count_targets(endpoint.built.stores.assessments) == 0


def test_client_rejects_an_unknown_authority(endpoint: Endpoint) -> None:
    client = SESSION.client(
        "inspector",
        endpoint_url=endpoint.url,
        region_name="us-east-1",
        aws_access_key_id=endpoint.key.id,
        aws_secret_access_key=endpoint.key.secret,
        config=ONE_ATTEMPT,
    )
    with pytest.raises(SSLError):
        client.list_rules_packages()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"null"])
def test_unsigned_body_is_not_parsed(endpoint: Endpoint, body: bytes) -> None:
    address = urlsplit(endpoint.url)
    assert address.hostname
    trust = ssl.create_default_context(cafile=endpoint.listener.ca)
    connection = HTTPSConnection(address.hostname, address.port, context=trust, timeout=10)
    connection.request("POST", "/", body, {"X-Amz-Target": "InspectorService.ListFindings"})
    response = connection.getresponse()
    answer = msgspec.json.decode(response.read())
    connection.close()
    assert (response.status, answer["__type"]) == (400, "MissingAuthenticationTokenException")
    assert response.getheader("x-amzn-RequestId")
