"""Laws of every version scheme: a total order on any text, equal keys exactly where the scheme calls versions equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.plugins import discover
from openinspector.version import VersionScheme, number_key

SCHEMES = discover("openinspector.versions", "SCHEME", VersionScheme)

anything = st.one_of(
    st.text("0123456789abpr.:-+~^_", max_size=12), st.text(st.characters(exclude_categories=()), max_size=12)
)
schemes = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))


@schemes
@given(a=anything, b=anything)
def test_total_and_antisymmetric(scheme: VersionScheme, a: str, b: str) -> None:
    assert scheme.compare(a, b) == -scheme.compare(b, a)
    assert (scheme.key(a) == scheme.key(b)) == (scheme.compare(a, b) == 0)
    assert scheme.compare(a, a) == 0


@schemes
@given(texts=st.lists(anything, min_size=3, max_size=6))
def test_transitive(scheme: VersionScheme, texts: list[str]) -> None:
    ordered = sorted(texts, key=scheme.key)
    assert all(scheme.compare(early, late) <= 0 for index, early in enumerate(ordered) for late in ordered[index + 1 :])


@schemes
@given(text=anything)
def test_any_text_has_a_key_and_a_verdict(scheme: VersionScheme, text: str) -> None:
    assert isinstance(scheme.key(text), bytes)
    assert scheme.is_valid(text) in (True, False)


@schemes
@given(number=st.integers(0, 10**40))
def test_numbers_count(scheme: VersionScheme, number: int) -> None:
    assert scheme.compare(f"1.{number or 1}", f"1.{(number or 1) + 1}") == -1


@given(st.integers(0, 10**300), st.integers(0, 10**300), st.integers(0, 3))
def test_number_keys_sort_like_numbers(a: int, b: int, zeros: int) -> None:
    first, second = number_key(b"0" * zeros + str(a).encode()), number_key(str(b).encode())
    assert (first < second) == (a < b)
    assert (first == second) == (a == b)


def test_all_schemes_are_registered() -> None:
    assert list(SCHEMES) == ["alpm", "apk", "dpkg", "rpm", "windows_build"]
