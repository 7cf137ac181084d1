import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.howto.dotted import SCHEME

versions = st.lists(st.integers(0, 10**30), min_size=1, max_size=5).map(lambda numbers: ".".join(map(str, numbers)))


@pytest.mark.parametrize(("older", "newer"), [("1.9", "1.10"), ("1", "1.0.1"), ("0.9", "1"), ("2.9.9", "10")])
def test_facts(older: str, newer: str) -> None:
    assert SCHEME.compare(older, newer) == -1
    assert SCHEME.compare(newer, older) == 1


def plain(text: str) -> list[int]:
    """The obvious implementation: a list of numbers."""
    numbers = [int(part) for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


@given(versions, versions)
def test_order_agrees_with_lists_of_numbers(first: str, second: str) -> None:
    a, b = plain(first), plain(second)
    assert SCHEME.compare(first, second) == (a > b) - (a < b)


@given(st.text())
def test_any_text_has_a_key(text: str) -> None:
    assert isinstance(SCHEME.key(text), bytes)
