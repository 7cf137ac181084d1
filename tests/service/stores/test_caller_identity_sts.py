"""What `tests/service/attestors/test_aws_role.py` does not see: the region's own endpoint, and a proxy's absence."""

import pytest

from openinspector.service.ports.caller_identity import CallerIdentityError
from openinspector.service.stores.caller_identity_sts import StsCallerIdentity
from openinspector.wire.caller_identity import CallerIdentityRequest


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "sts.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_each_region_has_its_own_endpoint(region: str, host: str) -> None:
    assert request(region).host == host


def test_missing_endpoint_is_a_temporary_error() -> None:
    with pytest.raises(CallerIdentityError, match="cannot be asked"):
        StsCallerIdentity("https://127.0.0.1:1").ask(request("eu-west-1"), "x")


def request(region: str) -> CallerIdentityRequest:
    return CallerIdentityRequest(
        region=region,
        date="20260102T030405Z",
        token="t" * 20,
        key_id="ab" * 32,
        nonce="n" * 43,
        server="inspector.example",
    )
