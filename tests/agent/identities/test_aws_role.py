import json
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.cloud.instance_metadata import MetadataError
from openinspector.agent.identities.aws_role import CREDENTIALS, IDENTITY, sign
from openinspector.agent.identity import IdentityClaim, IdentityError
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.fake_imds import DOCUMENTS, FakeImds, Speaks, role_documents
from openinspector.testing.fake_sts import ROLE, RoleCredentials
from openinspector.wire.caller_identity import BODY, DATE_FORM, CallerIdentityRequest
from openinspector.wire.signature import key_id

OURS = RoleCredentials()
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EC2 = {**DOCUMENTS, **role_documents(ROLE, OURS.access_key, OURS.secret_key, OURS.token)}


def claim(address: str | None) -> IdentityClaim:
    return IdentityClaim(
        secret="",
        nonce="n" * 24,
        public_key=bytes(32),
        host=FakeHost(system=FakeSystem(metadata_address=address)),
        server="inspector.example",
        unix_time=NOW.timestamp(),
    )


@pytest.mark.parametrize("speaks", list(Speaks))
def test_the_evidence_is_a_signed_request_without_the_secret(speaks: Speaks) -> None:
    with FakeImds(EC2, speaks) as imds:
        evidence = dict(IDENTITY.evidence(claim(imds.address)))
    assert OURS.secret_key not in str(evidence)
    authorization = evidence.pop("authorization")
    assert evidence == {
        "region": "eu-west-1",
        "date": NOW.strftime(DATE_FORM),
        "token": OURS.token,
        "server": "inspector.example",
    }
    request = CallerIdentityRequest(nonce="n" * 24, key_id=key_id(bytes(32)), **evidence)
    request.check_authorization(authorization)
    assert authorization == request.authorization(OURS.access_key, sign(request, OURS.secret_key))


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
    region=st.sampled_from(["us-east-1", "eu-central-2", "us-gov-west-1", "cn-north-1", "ap-southeast-10"]),
    token=st.text("ABCxyz019+/=", min_size=16, max_size=900),
    nonce=st.text("abcXYZ_-0", min_size=16, max_size=64),
    date=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001 - as botocore has it
)
def test_signature_agrees_with_botocore(secret: str, region: str, token: str, nonce: str, date: datetime) -> None:
    request = CallerIdentityRequest(
        region=region, date=date.strftime(DATE_FORM), token=token, key_id="ab" * 32, nonce=nonce, server="a.example"
    )
    theirs = AWSRequest(method="POST", url=f"https://{request.host}/", data=BODY, headers=request.headers)
    theirs.context["timestamp"] = request.date
    auth = SigV4Auth(Credentials(OURS.access_key, secret, token), "sts", region)
    text = auth.string_to_sign(theirs, auth.canonical_request(theirs))
    assert request.string_to_sign == text
    assert sign(request, secret) == auth.signature(text, theirs)


def test_the_region_of_an_old_service_is_its_zones() -> None:
    old = {path: body for path, body in EC2.items() if not path.endswith("placement/region")}
    with FakeImds(old) as imds:
        assert IDENTITY.evidence(claim(imds.address))["region"] == "eu-west-1"


def test_instance_without_a_role_has_no_proof() -> None:
    with FakeImds() as imds, pytest.raises(IdentityError, match="has no role"):
        IDENTITY.evidence(claim(imds.address))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        json.dumps({"Code": "Failed"}).encode(),
        json.dumps({"AccessKeyId": "AKIA", "SecretAccessKey": "s", "Token": "t" * 20}).encode(),
        json.dumps({"AccessKeyId": "ASIAQQQQQQQQQQQQQQQQ", "SecretAccessKey": "s", "Token": "a b"}).encode(),
    ],
)
def test_invalid_credentials_are_not_used(content: bytes) -> None:
    with FakeImds({**EC2, f"{CREDENTIALS}{ROLE}": content}) as imds, pytest.raises(IdentityError):
        IDENTITY.evidence(claim(imds.address))


@pytest.mark.parametrize("role", [b"../../user-data", b"a role", b"role\nother"])
def test_a_role_with_a_path_in_its_name_is_not_asked_for(role: bytes) -> None:
    with FakeImds({**EC2, CREDENTIALS: role}) as imds:
        with pytest.raises(IdentityError, match="has no role"):
            IDENTITY.evidence(claim(imds.address))
        assert len(imds.requests) == 2


def test_no_proof_outside_ec2() -> None:
    with pytest.raises(MetadataError, match="no EC2 instance metadata service"):
        IDENTITY.evidence(claim(None))
