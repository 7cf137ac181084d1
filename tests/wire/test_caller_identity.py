from datetime import UTC, datetime

import pytest

from openinspector.model.errors import WireError
from openinspector.wire.caller_identity import CallerIdentityRequest

SIGNATURE = "0" * 64
ACCESS_KEY = "ASIAQQQQQQQQQQQQQQQQ"


def request(**changes: str) -> CallerIdentityRequest:
    parts = {
        "region": "eu-west-1",
        "date": "20260102T030405Z",
        "token": "t" * 20,
        "key_id": "ab" * 32,
        "nonce": "n" * 43,
        "server": "inspector.example",
    }
    return CallerIdentityRequest(**{**parts, **changes})


def test_every_header_is_signed_in_order() -> None:
    assert list(request().headers) == sorted(request().headers)
    request().check_authorization(request().authorization(ACCESS_KEY, SIGNATURE))
    assert request().signed_at() == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("region", "eu-west-1.example"),
        ("region", "EU-WEST-1"),
        ("region", "eu-west-1\n"),
        ("region", "x"),
        ("date", "2026-01-02T03:04:05Z"),
        ("token", "short"),
        ("token", "with space in it, and long"),
        ("key_id", "AB" * 32),
        ("nonce", "n\n" * 20),
        ("server", "a b"),
        ("server", ""),
    ],
)
def test_malformed_part_makes_no_request(part: str, text: str) -> None:
    with pytest.raises(WireError):
        request(**{part: text})


def test_a_malformed_date_is_reported() -> None:
    with pytest.raises(WireError, match="is malformed"):
        request(date="20261399T030405Z").signed_at()


def test_an_authorization_of_another_request_is_refused() -> None:
    other = request(region="us-east-1").authorization(ACCESS_KEY, SIGNATURE)
    for header in (other, "", other.lower(), request().authorization("AKIAQQQQQQQQQQQQQQQQ", SIGNATURE)):
        with pytest.raises(WireError):
            request().check_authorization(header)
