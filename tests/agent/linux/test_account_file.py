import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.account_file import count_nis_lines, names_by_id, number, read_entries
from openinspector.testing.fake_host import FakeHost, Node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("4294967295", 4294967295),
        ("-1", -1),
        ("\x1c7", 7),
        ("", None),
        ("x", None),
        ("١", None),
        ("9" * 99, None),
        ("--1", None),
    ],
)
def test_numbers(text: str, value: int | None) -> None:
    assert number(text) == value


@given(st.text())
def test_any_text_as_number(text: str) -> None:
    number(text)


def test_lines_of_nis_and_short_lines_are_skipped() -> None:
    host = FakeHost({"/etc/passwd": "a:x:1\n+::\n-b:x:2\n#c:x:3\n:x:4\nd:x\n"})
    assert list(read_entries(host, "/etc/passwd", 3)) == [["a", "x", "1"]]


def test_the_first_name_of_an_id_wins() -> None:
    host = FakeHost({"/etc/group": "a:x:1:\nb:x:1:\nc:x:bad:\n"})
    assert names_by_id(host, "/etc/group") == {1: "a"}
    assert names_by_id(FakeHost({"/etc/group": Node(unreadable=True)}), "/etc/group") == {}


def test_lines_of_nis_are_counted() -> None:
    host = FakeHost({"/etc/passwd": "a:x:1\n+\n +@admins::\n-b:x:2\n#+c\n"})
    assert count_nis_lines(host, "/etc/passwd") == 3
