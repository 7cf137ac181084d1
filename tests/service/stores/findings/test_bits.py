from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.stores.findings.bits import BLOCK, decode, encode, places_of

PLACES = st.sets(st.integers(0, BLOCK - 1), min_size=1, max_size=600).map(sorted)


@given(PLACES)
def test_bits_round_trip(places: list[int]) -> None:
    assert decode(encode(places)) == sum(1 << place for place in places)
    assert list(places_of(decode(encode(places)))) == places


@given(PLACES)
def test_the_shorter_form_is_stored(places: list[int]) -> None:
    assert len(encode(places)) <= 1 + min(2 * len(places), places[-1] // 8 + 1)


def test_full_block() -> None:
    assert decode(encode(range(BLOCK))) == (1 << BLOCK) - 1
    assert list(places_of(0)) == []
