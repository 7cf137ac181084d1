"""Tokens come back as they went out, and only as they went out."""

import base64
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.arn import MAX_ARN_LENGTH, TopicArn, parse_template_arn, parse_topic_arn
from openinspector.service.app.errors import InvalidInput
from openinspector.service.app.pagination import MAX_TOKEN, PageTokens
from openinspector.service.app.subscriptions import Subscription, subscription_cursor
from openinspector.service.ports.page import Cursor, PageRequest
from openinspector.testing import model_builders as builders

TOKENS = PageTokens(bytes(32), os.urandom)
CURSOR = Cursor(created_at=builders.moment(1), arn=builders.finding().arn)
LONGEST_ARN = 189
"""Bytes of a cursor's ARN that a token has room for."""

EARLIEST, LATEST = datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("9999-12-31")

moments = st.datetimes(min_value=EARLIEST, max_value=LATEST, timezones=st.just(UTC))


def refusal(token: str, listing: str = "list") -> str:
    with pytest.raises(InvalidInput) as refused:
        TOKENS.read(token, listing)
    return refused.value.code


@given(moments, st.text(max_size=LONGEST_ARN // 4))
def test_a_token_gives_its_cursor_back_to_the_microsecond(created_at: datetime, arn: str) -> None:
    arn = arn.encode("utf-8", "replace").decode()
    cursor = Cursor(created_at=created_at, arn=arn)
    assert TOKENS.read(TOKENS.make(cursor, "list"), "list") == cursor


def test_another_listing_refuses_it() -> None:
    assert refusal(TOKENS.make(CURSOR, "list"), "other") == "INVALID_PAGINATION_TOKEN"


def test_another_installation_refuses_it() -> None:
    foreign = PageTokens(b"1" * 32, os.urandom).make(CURSOR, "list")
    assert refusal(foreign) == "INVALID_PAGINATION_TOKEN"


@pytest.mark.parametrize("token", ["", "1", "ä", "AAAA", "A" * 300, "=" * 8, "\ud800"])
def test_a_malformed_token_is_refused(token: str) -> None:
    assert refusal(token) == "INVALID_PAGINATION_TOKEN"


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_refused(place: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TOKENS.make(CURSOR, "list")))
    raw[place % len(raw)] ^= change
    assert refusal(base64.urlsafe_b64encode(raw).decode()) == "INVALID_PAGINATION_TOKEN"


def test_the_longest_arn_fits_a_token() -> None:
    longest = Cursor(created_at=builders.moment(1), arn=f"{builders.run().arn}/finding/0-{'x' * 14}")
    assert len(TOKENS.make(longest, "list")) <= MAX_TOKEN


def test_a_token_that_is_too_long_is_not_issued() -> None:
    TOKENS.make(Cursor(created_at=builders.moment(1), arn="x" * LONGEST_ARN), "list")
    with pytest.raises(ValueError, match="304 characters"):
        TOKENS.make(Cursor(created_at=builders.moment(1), arn="x" * (LONGEST_ARN + 1)), "list")


def test_the_longest_subscription_there_can_be_fits_a_token() -> None:
    region, account, longest_id = "r" * 32, "1" * 12, f"0-{'x' * 32}"
    template = f"arn:aws-us-gov:inspector:{region}:{account}:target/{longest_id}/template/{longest_id}"
    topic = TopicArn(f"arn:aws-us-gov:sns:{region}:{account}:")
    topic = TopicArn(topic + "t" * min(256, MAX_ARN_LENGTH - len(topic)))
    last = Subscription(template_arn=parse_template_arn(template), topic_arn=parse_topic_arn(topic), events=())
    assert len(TOKENS.make(subscription_cursor(last), "list")) <= MAX_TOKEN


def test_a_token_hides_its_content() -> None:
    raw = base64.urlsafe_b64decode(TOKENS.make(CURSOR, "list"))
    assert CURSOR.arn.encode() not in raw


@pytest.mark.parametrize(
    ("wanted", "limit"), [(None, 10), (1, 1), (100, 100), (101, 100), (5000, 100), (2**31 - 1, 100)]
)
def test_a_page_never_exceeds_its_list_type(wanted: int | None, limit: int) -> None:
    assert TOKENS.request(wanted, None, "list", default=10, cap=100) == PageRequest(limit=limit)


@pytest.mark.parametrize("wanted", [-1, 0])
def test_a_size_below_one_is_refused(wanted: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        TOKENS.request(wanted, None, "list", default=10, cap=100)
    assert refused.value.code == "INVALID_MAX_RESULTS"


def test_a_request_with_a_token_begins_after_its_cursor() -> None:
    asked = TOKENS.request(5, TOKENS.make(CURSOR, "list"), "list", default=10, cap=100)
    assert asked == PageRequest(limit=5, after=CURSOR)
