from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.sshd_file import SshdFiles, SshdLine, parse_line
from openinspector.agent.linux.sshd_match import MatchBlock, RefusedLineError
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node


@pytest.mark.parametrize(
    ("line", "keyword", "arguments"),
    [
        ("Port 22", "port", ("22",)),
        ("\tPort=22", "port", ("22",)),
        ('AllowUsers "a b" c # d', "allowusers", ("a b", "c")),
        ("AllowUsers 'a b'", "allowusers", ("a b",)),
        ("AuthorizedKeysFile .ssh/a%h", "authorizedkeysfile", (".ssh/a%h",)),
        ("Banner", "banner", ()),
        ('"PermitRootLogin" yes', "permitrootlogin", ("yes",)),
        ('\t"Port"=22', "port", ("22",)),
    ],
)
def test_a_line(line: str, keyword: str, arguments: tuple[str, ...]) -> None:
    assert parse_line(line, "f:1") == SshdLine(keyword=keyword, arguments=arguments, source="f:1")


@pytest.mark.parametrize("line", ["", "   ", "# Port 22", "\t#", "="])
def test_lines_that_set_nothing(line: str) -> None:
    assert parse_line(line, "f:1") is None


@pytest.mark.parametrize("line", ["ä x", 'Banner "x', "[x]"])
def test_lines_that_sshd_refuses(line: str) -> None:
    with pytest.raises(RefusedLineError):
        parse_line(line, "f:1")


@given(st.text())
def test_any_line(text: str) -> None:
    with suppress(RefusedLineError):
        parse_line(text, "f:1")


def test_settings_carry_the_blocks_they_are_in() -> None:
    host = FakeHost(
        {"/c": "Port 1\nMatch User a\nInclude /d\nBanner x\n", "/d": "PermitTTY no\nMatch User b\nBanner y\n"}
    )
    a, b = MatchBlock(criteria=(("user", "a"),)), MatchBlock(criteria=(("user", "b"),))
    found = [(setting.keyword, setting.blocks) for setting in SshdFiles(host).settings("/c")]
    assert found == [("port", ()), ("permittty", (a,)), ("banner", (a, b)), ("banner", (a,))]


def test_patterns_in_any_part_of_a_path() -> None:
    host = FakeHost(
        {"/etc/ssh/c": "Include /etc/*/x?/*.conf\n", "/etc/ssh/x1/a.conf": "Port 1", "/etc/b/x2/b.conf": "Port 2"}
    )
    assert [setting.arguments for setting in SshdFiles(host).settings("/etc/ssh/c")] == [("2",), ("1",)]


def test_a_folder_that_cannot_be_listed_is_a_problem() -> None:
    host = FakeHost(
        {"/etc/ssh/c": "Include d/*\n", "/etc/ssh/d": Node(is_directory=True, mode=0o700)}, FakeSystem(is_root=False)
    )
    files = SshdFiles(host)
    assert list(files.settings("/etc/ssh/c")) == []
    assert "/etc/ssh/d could not be read" in files.problems[0].reason
