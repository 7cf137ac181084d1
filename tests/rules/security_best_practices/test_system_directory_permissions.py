import pytest

from openinspector.engine.evidence import render_evidence
from openinspector.engine.rule import Detected, NotApplicable, Passed, RuleContext, Unable
from openinspector.model.finding import Severity
from openinspector.model.inventory import Group, User
from openinspector.rules.security_best_practices.system_directory_permissions import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import directory, host, silent, troubled, user

CONTEXT = RuleContext()


@pytest.mark.parametrize(
    ("mode", "owner", "outcome"),
    [
        (0o755, "root:root", Passed),
        (0o775, "root:root", Passed),  # nobody but root is in the group
        (0o555, "root:root", Passed),
        (0o750, "root:ssl-cert", Passed),
        (0o777, "root:root", Detected),
        (0o1777, "root:root", Detected),
        (0o2775, "root:staff", Detected),
        (0o755, "polkitd:root", Detected),
        (0o500, "polkitd:root", Detected),  # an owner can give himself the right
    ],
)
def test_modes_and_owners(mode: int, owner: str, outcome: type[object]) -> None:
    assert type(RULE.evaluate(host(directory("/usr/local/bin", mode, owner)), CONTEXT)) is outcome


def test_other_members_of_group_root() -> None:
    shared = directory("/etc", 0o775)
    assert isinstance(RULE.evaluate(host(shared, Group(name="root", gid=0, members=("root",))), CONTEXT), Passed)
    by_list = RULE.evaluate(host(shared, Group(name="root", gid=0, members=("root", "eve"))), CONTEXT)
    by_account = RULE.evaluate(host(shared, User(name="eve", uid=1001, gid=0)), CONTEXT)
    for outcome in (by_list, by_account):
        assert isinstance(outcome, Detected)
        assert "/etc may be changed by group root (members eve)" in render_evidence(
            read(outcome.detections[0]).evidence
        )
    second_root = RULE.evaluate(host(shared, User(name="toor", uid=0, gid=0)), CONTEXT)
    assert isinstance(second_root, Passed)


def test_one_finding_lists_everything_the_widest_access_first() -> None:
    facts = host(
        directory("/bin/at", 0o6755, "daemon:daemon"),
        directory("/etc/a b", 0o666),
        directory("/usr/local/bin", 0o2775, "root:staff"),
        directory("/usr/local/lib", 0o2775, "root:staff"),
        directory("/sbin", 0o755),
        Group(name="staff", gid=1000, members=("bob",)),
        user("alice", 1000),
    )
    outcome = RULE.evaluate(facts, CONTEXT)
    assert isinstance(outcome, Detected)
    found = read(outcome.detections[0])
    assert found.severity is Severity.HIGH
    assert [evidence.source for evidence in found.evidence.because] == [
        "/etc/a b",
        "/usr/local/bin",
        "/usr/local/lib",
        "/bin/at",
    ]
    assert "group staff (members alice, bob): mode 2775" in render_evidence(found.evidence)
    assert "chmod go-w -- '/etc/a b'" in found.recommendation
    assert "chown root -- /bin/at && chmod go-w -- /bin/at" in found.recommendation
    assert "/sbin" not in found.recommendation


def test_many_entries_are_counted() -> None:
    outcome = RULE.evaluate(host(*(directory(f"/etc/{n:04}", 0o777) for n in range(150))), CONTEXT)
    assert isinstance(outcome, Detected)
    found = read(outcome.detections[0])
    assert "Users other than root may change 150" in found.evidence.statement
    assert found.evidence.because[-1].statement == "and 50 more entries"
    assert "and likewise for 50 more." in found.recommendation


def test_unseen_facts() -> None:
    closed, opened, rooted = (host(directory("/etc", mode)) for mode in (0o755, 0o757, 0o775))
    assert isinstance(RULE.evaluate(host(), CONTEXT), NotApplicable)
    assert isinstance(RULE.evaluate(silent(closed, "system_directories"), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(troubled(closed, "system_directories", "/boot: denied"), CONTEXT), Unable)
    outcome = RULE.evaluate(troubled(opened, "system_directories", "/boot: denied"), CONTEXT)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert "/boot: denied" in outcome.unfinished.reason
    # who is in the group root matters only where that group may write
    assert isinstance(RULE.evaluate(silent(closed, "accounts"), CONTEXT), Passed)
    assert isinstance(RULE.evaluate(silent(rooted, "accounts"), CONTEXT), Unable)
