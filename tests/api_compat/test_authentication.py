"""Who may not call: what boto3 makes of the answers."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from openinspector.service.app.access_keys import READ_ONLY, NewAccessKey
from openinspector.testing.installation import BuiltInstallation

Clients = Callable[..., Any]


def refusal_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    assert refused.value.response["ResponseMetadata"]["RequestId"]
    return str(refused.value.response["Error"]["Code"])


def test_a_wrong_secret(client_of: Clients, key: NewAccessKey) -> None:
    client = client_of(key.id, f"{key.secret}x")
    assert refusal_of(client.list_findings) == "InvalidSignatureException"


def test_an_unknown_key(client_of: Clients, built: BuiltInstallation) -> None:
    del built
    client = client_of("AKIAAAAAAAAAAAAAAAAA", "secret")
    assert refusal_of(client.list_findings) == "UnrecognizedClientException"


def test_a_deleted_key(client: Any, key: NewAccessKey, built: BuiltInstallation) -> None:
    assert client.list_findings()["findingArns"] == []
    built.stores.access_keys.delete(key.id)
    assert refusal_of(client.list_findings) == "UnrecognizedClientException"


def test_another_region(client_of: Clients, key: NewAccessKey) -> None:
    client = client_of(key.id, key.secret, region_name="eu-west-1")
    assert refusal_of(client.list_findings) == "InvalidSignatureException"


def test_no_signature(client_of: Clients, key: NewAccessKey) -> None:
    client = client_of(key.id, key.secret, config={"signature_version": UNSIGNED})
    assert refusal_of(client.list_findings) == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_wrong(client: Any, built: BuiltInstallation, minutes: int) -> None:
    built.clock.advance(60 * minutes)
    assert refusal_of(client.list_findings) == "InvalidSignatureException"


def test_who_may_read_may_not_write(client_of: Clients, built: BuiltInstallation) -> None:
    made = built.services.access_keys.create("bob", READ_ONLY)
    client = client_of(made.id, made.secret)
    assert client.list_rules_packages()["rulesPackageArns"]
    with pytest.raises(client.exceptions.AccessDeniedException) as refused:
        client.create_assessment_target(assessmentTargetName="web")
    assert str(refused.value).endswith(
        "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: inspector:CreateAssessmentTarget"
    )
    assert refused.value.response["errorCode"] == "ACCESS_DENIED_TO_ASSESSMENT_TARGET"
