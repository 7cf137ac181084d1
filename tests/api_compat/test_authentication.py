"""Who may ask: keys, signatures and regions, as a real client sends them."""

import ssl
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import SSLError
from tests.api_compat.assessments import refusal
from tests.api_compat.endpoint import ONE_ATTEMPT, SESSION, Endpoint

from openinspector.service.app.access_keys import READ_ONLY, NewAccessKey


def code(client: Any, operation: str = "list_rules_packages", **arguments: Any) -> str:
    status, exception, _ = refusal(client, operation, **arguments)
    assert status == 400
    return exception


def test_an_unsigned_request(endpoint: Endpoint) -> None:
    unsigned = ONE_ATTEMPT.merge(Config(signature_version=UNSIGNED))
    assert code(endpoint.client(config=unsigned)) == "MissingAuthenticationTokenException"


def test_a_wrong_secret(endpoint: Endpoint) -> None:
    assert code(endpoint.client(secret="x" * 40)) == "InvalidSignatureException"


def test_a_key_nobody_made(endpoint: Endpoint) -> None:
    foreign = NewAccessKey(id="AKIAAAAAAAAAAAAAAAAA", secret="x" * 40, user="nobody")
    assert code(endpoint.client(foreign)) == "UnrecognizedClientException"


def test_another_region(endpoint: Endpoint) -> None:
    assert code(endpoint.client(region="eu-west-1")) == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_wrong(endpoint: Endpoint, minutes: int) -> None:
    endpoint.built.clock.advance(60 * minutes)
    assert code(endpoint.client()) == "InvalidSignatureException"


def test_a_deleted_key(endpoint: Endpoint) -> None:
    client = endpoint.client()
    assert client.list_findings()["findingArns"] == []
    endpoint.built.stores.access_keys.delete(endpoint.key.id)
    assert code(client) == "UnrecognizedClientException"


def test_a_key_for_reading_does_not_write(endpoint: Endpoint) -> None:
    client = endpoint.client(endpoint.another_key(*READ_ONLY))
    assert client.list_rules_packages()["rulesPackageArns"]
    with pytest.raises(client.exceptions.AccessDeniedException, match="user/other is not authorized") as denied:
        client.create_assessment_target(assessmentTargetName="web")
    assert denied.value.response["errorCode"] == "ACCESS_DENIED_TO_ASSESSMENT_TARGET"
    assert endpoint.built.stores.assessments.count_targets() == 0


def test_a_client_that_does_not_know_the_authority_refuses(endpoint: Endpoint) -> None:
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
def test_what_is_not_signed_is_not_even_read(endpoint: Endpoint, body: bytes) -> None:
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
