"""Patterns of the content: the dialect, the time limit, and examples of the paths that they mean."""

import pytest

from openinspector.scap import pattern
from openinspector.scap.truth import NotKnownError


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (r"^[ \t]*(?i)PermitRootLogin(?-i)[ \t]+no", "permitrootlogin no"),
        (r"^\h*umask\h+027", "\tumask 027"),
        (r"[[:space:]]x", " x"),
        (r"^(?!/proc).*$", "/tmp"),
    ],
)
def test_the_dialect_of_the_content(wanted: str, text: str) -> None:
    assert pattern.Patterns().search(wanted, text) is not None


def test_a_pattern_that_takes_too_long_gives_no_answer() -> None:
    patterns = pattern.Patterns()
    for why in (*["the content's pattern takes too long"] * pattern.MAX_SLOW, "too many patterns"):
        with pytest.raises(NotKnownError, match=why):
            patterns.search(r"(.+)(.+)(.+)(.+)\4\3\2\1[!?]", "ab" * 100)
    with pytest.raises(NotKnownError, match="too many"):
        patterns.find_all("a", "a", 0)


@pytest.mark.parametrize("wanted", ["(", "a" * 9000])
def test_a_pattern_that_is_not_understood_gives_no_answer(wanted: str) -> None:
    with pytest.raises(NotKnownError):
        pattern.Patterns().find_all(wanted, "text", 0)


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        (r"^/etc/audit/rules\.d/.*\.rules$", ["/etc/audit/rules.d/x.rules"]),
        (r"^/etc/(ssh|ssh/sshd_config.d)$", ["/etc/ssh", "/etc/ssh/sshd_config.d"]),
        (r"^/etc/pam.d/common-(?:auth|account)$", ["/etc/pam.d/common-account", "/etc/pam.d/common-auth"]),
        (r"^/var/log/[^/]+\.log(\.gz)?$", ["/var/log/x.log", "/var/log/x.log.gz"]),
    ],
)
def test_examples_of_paths(wanted: str, paths: list[str]) -> None:
    assert sorted(pattern.examples(wanted)) == paths


@pytest.mark.parametrize("wanted", ["/etc/x", ".*", "^" + "(a|b)" * 9])
def test_patterns_without_an_example(wanted: str) -> None:
    with pytest.raises(NotKnownError):
        pattern.examples(wanted)


def test_a_name_need_not_be_anchored() -> None:
    assert pattern.examples(r".*\.log$", of_name=True) == ["x.log"]
