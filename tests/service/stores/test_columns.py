from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.stores.columns import from_micros, to_json, to_micros
from openinspector.service.stores.findings.texts import TextWriter, pack, unpack


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_times_keep_microseconds(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment
    assert from_micros(to_micros(moment)).tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_are_ordered_as_their_numbers(first: datetime, second: datetime) -> None:
    assert (first < second) == (to_micros(first) < to_micros(second))


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001


@given(st.text())
def test_text_round_trip(text: str) -> None:
    wording = TextWriter()
    for _ in range(2):
        body = wording.word(text)
        assert msgspec.json.decode(body) == text
        assert "\x00" not in body


@given(st.lists(st.integers(min_value=0)))
def test_packed_numbers_keep_their_order(numbers: list[int]) -> None:
    assert unpack(pack(numbers)) == numbers
    assert all(f" {number} " in pack(numbers) for number in numbers)


def test_json_is_one_text_for_one_value() -> None:
    assert to_json(("a", 'b"')) == r'["a","b\""]'
