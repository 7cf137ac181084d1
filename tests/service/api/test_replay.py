from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.api.errors import ApiError
from openinspector.service.api.replay import REPEATABLE, SeenSignatures
from openinspector.service.api.sigv4 import WINDOW, Claim

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def claim(number: int = 1) -> Claim:
    return Claim(
        key_id="AKIA",
        stamp="20261125T120000Z",
        region="us-east-1",
        canonical_head=b"",
        signature=f"{number:016x}{0:048x}".encode(),
    )


def test_request_may_be_repeated_briefly() -> None:
    seen = SeenSignatures()
    for later in (timedelta(0), timedelta(seconds=1), REPEATABLE):
        seen.check(claim(), NOW + later)
    for later in (REPEATABLE + timedelta(microseconds=1), WINDOW, 2 * WINDOW):
        with pytest.raises(ApiError) as refused:
            seen.check(claim(), NOW + later)
        assert refused.value.exception == "InvalidSignatureException"
    seen.check(claim(2), NOW + WINDOW)


def test_expired_signatures_are_forgotten() -> None:
    seen = SeenSignatures()
    for number in range(10):
        seen.check(claim(number), NOW)
    seen.check(claim(10), NOW + 2 * WINDOW + timedelta(seconds=1))
    assert len(seen) == 1


def test_a_flood_pushes_out_the_oldest() -> None:
    seen = SeenSignatures(limit=10)
    for number in range(100):
        seen.check(claim(number), NOW)
    assert len(seen) == 10


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 600)), max_size=30))
def test_agrees_with_obvious_implementation(arrivals: list[tuple[int, int]]) -> None:
    """Whether a request is refused is decided by its own first arrival alone."""
    seen, first = SeenSignatures(), dict[int, datetime]()
    for number, seconds in sorted(arrivals, key=lambda arrival: arrival[1]):
        now = NOW + timedelta(seconds=seconds)
        first.setdefault(number, now)
        try:
            seen.check(claim(number), now)
        except ApiError:
            assert now - first[number] > REPEATABLE
        else:
            assert now - first[number] <= REPEATABLE
