"""How sshd splits and checks lines; `test_sshd_configuration.py` compares whole configurations with sshd itself."""

import pytest

from openinspector.agent.linux.sshd_match import RefusedLineError
from openinspector.agent.linux.sshd_syntax import (
    check_in_match,
    check_keyword,
    check_setting,
    seconds,
    split_words,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ("a", "b", "c")),
        ("a # b", ("a",)),
        ("a#b", ("a#b",)),
        ('"a b"c d', ("a bc", "d")),
        ("'a \"b'", ('a "b',)),
        (r"a\ b \x", ("a b", r"\x")),
        (r'"a\"b"', ('a"b',)),
        ('""', ("",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


def test_keywords_are_those_in_the_program() -> None:
    program = b"\0permitrootlogin\0debianbanner\0"
    check_keyword("debianbanner", program)
    check_keyword("frobnicate", b"a wrapper script")
    with pytest.raises(RefusedLineError, match="frobnicate is not a keyword of this sshd"):
        check_keyword("frobnicate", program)


def test_newer_sshd_accepts_more_keywords_in_blocks() -> None:
    check_in_match("usepam", "11.0p1")
    check_in_match("usepam", "")
    with pytest.raises(RefusedLineError):
        check_in_match("usepam", "9.2p1")


def test_keywords_without_a_closed_set_of_values_need_an_argument() -> None:
    check_setting("ciphers", ("aes128-ctr",))
    with pytest.raises(RefusedLineError):
        check_setting("ciphers", ())


@pytest.mark.parametrize(("text", "expected"), [("2m30s", 150), ("1H", 3600), ("90", 90), ("5x", None), ("", None)])
def test_durations(text: str, expected: int | None) -> None:
    assert seconds(text) == expected
