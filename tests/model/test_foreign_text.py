import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.foreign_text import escape_json, is_printable_line, printable, printable_line

ESCAPES = ["\x1b[31m", "\x9b31m", "\x07", "\x00", "\x7f", "\r", "\ud800"]
REORDERING = ["\u202e", "\u2066", "\u2069", "\u061c", "\u200e", "\u200f"]
SEPARATORS = ["\u2028", "\u2029", "\x0b", "\x0c", "\x85"]


@pytest.mark.parametrize("unsafe", [*ESCAPES, *REORDERING, *SEPARATORS])
def test_control_characters_are_replaced_visibly(unsafe: str) -> None:
    assert printable(f"a{unsafe}b") == f"a\ufffd{unsafe[1:]}b"
    assert printable_line(f"a{unsafe}b") == f"a\ufffd{unsafe[1:]}b"
    assert not is_printable_line(unsafe)


def test_line_breaks_are_kept_only_in_multi_line_text() -> None:
    assert printable("a\n\tb") == "a\n\tb"
    assert printable_line("a\n\tb") == "a\ufffd\ufffdb"


@pytest.mark.parametrize("text", ["", "Zürich", "名前\u3000太郎", "a\u00a0b", "x🎉y", "क\u200dष"])
def test_other_text_is_unchanged(text: str) -> None:
    assert printable(text) == printable_line(text) == text


@given(st.text())
def test_nothing_unsafe_is_left(text: str) -> None:
    shown = printable_line(text)
    assert is_printable_line(shown)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_values(text: str) -> None:
    escaped = escape_json(msgspec.json.encode({"name": text}))
    assert json.loads(escaped) == {"name": text}
    assert printable(escaped.decode()) == escaped.decode()
