import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.testing.plain_order import compare_dpkg
from openinspector.versions.dpkg import SCHEME

FACTS = (
    ("1.0-1", "1.0-2", -1),
    ("1.0~rc1-1", "1.0-1", -1),
    ("1.0", "1.0-0", 0),
    ("1.0", "0:1.0", 0),
    ("1:0.1", "9.9", 1),
    ("1.10", "1.9", 1),
    ("1.0+b1", "1.0", 1),
    ("1.0a", "1.0+", -1),
    ("2.38.1-5+deb12u3", "2.38.1-5+deb12u10", -1),
    ("6.1.123-1", "6.1.123+1", -1),
    ("1-2-3", "1-10-1", -1),
    ("1.0-1~bpo12+1", "1.0-1", -1),
    ("+1:0.1", "1:0.1", 0),
    ("-0:0", "0", 0),
)
versions = st.from_regex(r"\A([0-9]{1,2}:)?[0-9][0-9a-zA-Z.+~]{0,8}(-[0-9a-z.+~]{1,5})?\Z")
pairs = st.tuples(versions, versions)


@pytest.mark.parametrize(("first", "second", "sign"), FACTS)
def test_facts(first: str, second: str, sign: int) -> None:
    assert SCHEME.compare(first, second) == sign
    assert SCHEME.compare(second, first) == -sign


@pytest.mark.parametrize("text", ["1.0", "1:1.0-1", "2.38.1-5+deb12u3", "1:2:3-1", "0", "1-2-3", "-0:0", "+1:0"])
def test_accepts(text: str) -> None:
    assert SCHEME.is_valid(text)


@pytest.mark.parametrize(
    "text", ["", "a", ":1", "1:", "1.0-", "-1", "-1:1", "+:1", "x:1", "1 0", "1_0", "99999999999:1", "1.0é"]
)
def test_refuses(text: str) -> None:
    assert not SCHEME.is_valid(text)


@pytest.mark.shared
def test_vectors_of_the_vendor(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "data/vectors/dpkg.tsv").read_text().splitlines()[1:]]
    assert len(rows) > 40
    assert [row for row in rows if SCHEME.compare(row[0], row[1]) != int(row[2])] == []


@given(pairs)
def test_agrees_with_reference(pair: tuple[str, str]) -> None:
    assert SCHEME.compare(*pair) == compare_dpkg(*pair)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
@given(st.lists(pairs, min_size=40, max_size=40))
@settings(max_examples=4)
def test_agrees_with_dpkg(sample: list[tuple[str, str]]) -> None:
    assert [SCHEME.compare(*pair) for pair in sample] == asked_of_dpkg(sample)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
@given(st.lists(st.text("012ab:.-+~_", min_size=1, max_size=6), min_size=30, max_size=30))
@settings(max_examples=4)
def test_validity_agrees_with_dpkg(sample: list[str]) -> None:
    script = 'while read -r a; do dpkg --validate-version -- "$a" 2>/dev/null && echo 1 || echo 0; done'
    assert [int(SCHEME.is_valid(text)) for text in sample] == [int(word) for word in shell(script, sample)]


def asked_of_dpkg(sample: list[tuple[str, str]]) -> list[int]:
    script = (
        "while read -r a b; do if dpkg --compare-versions $a lt $b; then echo -1; "
        "elif dpkg --compare-versions $a eq $b; then echo 0; else echo 1; fi; done"
    )
    return [int(word) for word in shell(script, [" ".join(pair) for pair in sample])]


def shell(script: str, lines: list[str]) -> list[str]:
    done = subprocess.run(
        ["sh", "-c", script], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    return done.stdout.split()
