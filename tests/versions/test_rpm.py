from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.testing.plain_order import compare_rpm
from openinspector.versions.rpm import SCHEME

FACTS = (
    ("1.0-1.el9", "1.0-1.el9_4", -1),
    ("1:1.0-1", "2.0-1", 1),
    ("0:1.0-1", "1.0-1", 0),
    (":1.0-1", "1.0-1", 0),
    ("1.0~rc1-1", "1.0-1", -1),
    ("1.0^git1-1", "1.0-1", 1),
    ("1.0^git1-1", "1.0.1-1", -1),
    ("5.14.0-70.13.1.el9_0", "5.14.0-611.9.1.el9_7", -1),
    ("1.0", "1.0-1", -1),
    ("1.0", "1.0", 0),
    ("1.0.", "1.0", 0),
    ("1.0-1.module_el9.5.0+127+50ff03a9", "1.0-1.module_el9.5.0+128+1095dce2", -1),
    ("1.a", "1.1", -1),
    ("1.1a", "1.1", 1),
)
versions = st.from_regex(r"\A([0-9]{0,2}:)?[0-9a-zA-Z.+~^_]{0,8}(-[0-9a-z.+~^_]{0,6})?\Z")


@pytest.mark.parametrize(("first", "second", "sign"), FACTS)
def test_facts(first: str, second: str, sign: int) -> None:
    assert SCHEME.compare(first, second) == sign
    assert SCHEME.compare(second, first) == -sign


@pytest.mark.parametrize("text", ["1.0-1.el9", "1:1.0-1", "1.0^git1~a-1", "2021.06-4.module_el9.1.0+13+d9a595ea", "1"])
def test_accepts(text: str) -> None:
    assert SCHEME.is_valid(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0-", "a:1", "1 0", "1/2", "1-2-3", "1.0é-1"])
def test_refuses(text: str) -> None:
    assert not SCHEME.is_valid(text)


@pytest.mark.shared
def test_vectors_of_the_vendor(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "data/vectors/rpm.tsv").read_text().splitlines()[1:]]
    assert len(rows) > 80
    assert [row for row in rows if SCHEME.compare(row[0], row[1]) != int(row[2])] == []


@given(versions, versions)
def test_agrees_with_reference(first: str, second: str) -> None:
    assert SCHEME.compare(first, second) == compare_rpm(first, second)
