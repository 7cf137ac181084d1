from pathlib import Path

import pytest

from openinspector.versions.apk import SCHEME

FACTS = (
    ("1.0-r1", "1.0-r2", -1),
    ("1.0", "1.0-r0", -1),
    ("1.0_alpha", "1.0", -1),
    ("1.0_alpha2", "1.0_beta", -1),
    ("1.0_p1", "1.0", 1),
    ("1.0_rc1-r5", "1.0-r0", -1),
    ("1.10", "1.9", 1),
    ("1.01", "1.1", -1),
    ("1.0a", "1.0", 1),
    ("1.0a", "1.0.1", -1),
    ("2.0~abc", "2.0", 1),
    ("6.6.7-r0", "6.6.10-r0", -1),
)


@pytest.mark.parametrize(("first", "second", "sign"), FACTS)
def test_facts(first: str, second: str, sign: int) -> None:
    assert SCHEME.compare(first, second) == sign
    assert SCHEME.compare(second, first) == -sign


@pytest.mark.parametrize("text", ["1", "1.0", "1.0a", "1.0_rc1-r3", "1.2.3_git20200101-r0", "1~abc-r1", "20230506-r0"])
def test_accepts(text: str) -> None:
    assert SCHEME.is_valid(text)


@pytest.mark.parametrize(
    "text", ["", "a", "1.", "1..2", "1.0ab", "1.0_foo", "1.0-1", "1.0-r", "1.0-r1-r2", "1:2", "1 "]
)
def test_refuses(text: str) -> None:
    assert not SCHEME.is_valid(text)


@pytest.mark.shared
def test_vectors_of_the_vendor(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "data/vectors/apk.tsv").read_text().splitlines()[1:]]
    assert len(rows) > 700
    assert [row for row in rows if SCHEME.compare(row[0], row[1]) != int(row[2])] == []
    assert [row for row in rows if len(row) > 3 and SCHEME.is_valid(row[0]) and SCHEME.is_valid(row[1])] == []
