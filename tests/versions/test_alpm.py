from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.testing.plain_order import compare_alpm
from openinspector.versions.alpm import SCHEME

FACTS = (
    ("1.0-1", "1.0-2", -1),
    ("1:0.1-1", "9.9-1", 1),
    ("0:1.0", "1.0", 0),
    (":1.0", "1.0", 0),
    ("1.0rc1", "1.0", -1),
    ("1.0", "1.0.alpha", -1),
    ("1.0.alpha", "1.0.0", -1),
    ("1.0", "1.00", 0),
    ("1.0.", "1.0", 0),
    ("1.0", "1_0", 0),
    ("1..0", "1.9", 1),
    ("a1", "a", 1),
    ("r100.g1", "r99.gf", 1),
    ("1.0", "1.0-1", -1),
)
parts = st.from_regex(r"\A[0-9a-c._+]{0,6}[0-9a-c]\Z")
versions = st.tuples(st.sampled_from(["", "0:", "1:"]), parts, parts)


@pytest.mark.parametrize(("first", "second", "sign"), FACTS)
def test_facts(first: str, second: str, sign: int) -> None:
    assert SCHEME.compare(first, second) == sign
    assert SCHEME.compare(second, first) == -sign


@pytest.mark.parametrize("text", ["1", "1.0-1", "1:1.0-1.1", "r100.gabc-1", "2_0+x~1"])
def test_accepts(text: str) -> None:
    assert SCHEME.is_valid(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0-", "a:1", "1 0", "1/2", "1-a", "1-2-3", "1:2:3", "1.0é-1"])
def test_refuses(text: str) -> None:
    assert not SCHEME.is_valid(text)


@pytest.mark.shared
def test_vectors_of_the_vendor(shared: Path) -> None:
    """All but those in which one version alone has a release: equal to libalpm, which makes it no order."""
    rows = [line.split("\t") for line in (shared / "data/vectors/alpm.tsv").read_text().splitlines()[1:]]
    assert len(rows) > 40
    wrong = [row for row in rows if SCHEME.compare(row[0], row[1]) != int(row[2])]
    assert wrong == [row for row in rows if ("-" in row[0]) != ("-" in row[1]) and int(row[2]) == 0]
    assert len(wrong) < 5


@given(versions, versions)
def test_agrees_with_reference(first: tuple[str, str, str], second: tuple[str, str, str]) -> None:
    a, b = (f"{epoch}{version}-{release}" for epoch, version, release in (first, second))
    assert SCHEME.compare(a, b) == compare_alpm(a, b)
