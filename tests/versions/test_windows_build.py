import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.versions.windows_build import SCHEME

numbers = st.integers(min_value=0, max_value=10**7)
builds = st.tuples(numbers, numbers, numbers, numbers)


@pytest.mark.parametrize(
    ("first", "second", "sign"),
    [
        ("10.0.20348.2031", "10.0.20348.2461", -1),
        ("10.0.20348.2458", "10.0.20348.2461", -1),
        ("10.0.20348.999", "10.0.20348.1000", -1),
        ("6.3.9600.21620", "10.0.14393.1", -1),
        ("10.0.20348", "10.0.20348.0", -1),
        ("10.0.20348.02031", "10.0.20348.2031", 0),
    ],
)
def test_facts(first: str, second: str, sign: int) -> None:
    assert SCHEME.compare(first, second) == sign
    assert SCHEME.compare(second, first) == -sign


@given(builds, builds)
def test_sorts_like_numbers(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    texts = [".".join(map(str, build)) for build in (first, second)]
    assert SCHEME.compare(*texts) == (first > second) - (first < second)


@given(st.text())
def test_any_text_has_a_key(text: str) -> None:
    assert isinstance(SCHEME.key(text), bytes)


@pytest.mark.parametrize(
    ("text", "valid"),
    [("10.0.20348.2031", True), ("10.0.20348", True), ("publication", False), ("10.0.20348..2762", False), ("", False)],
)
def test_valid(text: str, valid: bool) -> None:  # noqa: FBT001 - a column of the table
    assert SCHEME.is_valid(text) is valid
