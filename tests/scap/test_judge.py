"""Verdicts on the rules of a profile."""

from tests.scap.small_stream import READ, RECORDS, SYSTEM, facts, file, stream

from openinspector.scap.judge import RuleStatus, counts, judge
from openinspector.scap.stream import read_stream

CONTENT = read_stream(stream())
LONG = file("/etc/security/pwquality.conf", "", "minlen = 14")


def statuses(profile: str, *records: object, unread: tuple[str, ...] = ()) -> dict[str, RuleStatus]:
    found = judge(CONTENT, CONTENT.profiles[profile], facts(*records, unread=unread))  # type: ignore[arg-type]
    return {result.rule.id: result.status for result in found}


def test_the_profile_decides_the_value() -> None:
    assert statuses("strict", READ, LONG)["rule:minimum"] is RuleStatus.PASS
    assert statuses("stricter", READ, LONG)["rule:minimum"] is RuleStatus.FAIL


def test_a_rule_of_another_platform_does_not_apply() -> None:
    assert statuses("strict", READ, LONG, RECORDS["package"])["rule:telnet"] is RuleStatus.NOT_APPLICABLE
    assert statuses("strict", READ, LONG)["rule:telnet"] is RuleStatus.UNKNOWN  # no value was exported for it


def test_a_rule_without_a_check_is_not_checked() -> None:
    assert statuses("strict", READ, LONG)["rule:script"] is RuleStatus.NOT_CHECKED


def test_without_facts_nothing_passes() -> None:
    found = judge(CONTENT, CONTENT.profiles["strict"], facts(SYSTEM, unread=("configuration_files", "dpkg")))
    assert {result.status for result in found} == {RuleStatus.UNKNOWN, RuleStatus.NOT_CHECKED}
    assert all(result.because for result in found if result.status is RuleStatus.UNKNOWN)
    assert sum(counts(found).values()) == len(found)


def test_an_absent_file_that_was_looked_for_fails() -> None:
    assert statuses("strict", READ)["rule:minimum"] is RuleStatus.FAIL
