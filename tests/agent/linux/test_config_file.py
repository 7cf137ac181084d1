import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.config_file import (
    MAX_SHELL_CHARACTERS,
    decode,
    encodable,
    logical_lines,
    read_lines,
    shell_words,
    unread,
)
from openinspector.testing.fake_host import FakeHost


@given(st.binary())
def test_any_bytes_become_text_that_can_be_sent(data: bytes) -> None:
    for text in (decode(data), encodable(data.decode(errors="surrogateescape"))):
        assert msgspec.json.decode(msgspec.json.encode(text)) == text


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_text_stays_the_same(text: str) -> None:
    assert decode(text.encode()) == encodable(text) == text


def test_trailing_backslash_continues_the_line() -> None:
    lines = ["one", "two \\", "three\\", "four", "", "five\\"]
    assert list(logical_lines(lines)) == [(1, "one"), (2, "two  three four"), (5, ""), (6, "five")]


def test_lines_of_a_file() -> None:
    assert read_lines(FakeHost({"/f": b"a\n\xff\n"}), "/f") == ["a", "�", ""]


def test_text_of_a_refusal() -> None:
    assert unread("/etc/x\udcff", PermissionError(13, "Permission denied")).reason == (
        "/etc/x� could not be read: Permission denied."
    )


def test_overlong_shell_line_is_refused() -> None:
    assert shell_words("a 'b c'") == ["a", "b c"]
    assert shell_words("x" * MAX_SHELL_CHARACTERS) == ["x" * MAX_SHELL_CHARACTERS]
    with pytest.raises(ValueError, match="longer than 16384 characters"):
        shell_words("x" * (MAX_SHELL_CHARACTERS + 1))
