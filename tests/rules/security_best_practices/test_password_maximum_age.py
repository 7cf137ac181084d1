import pytest

from openinspector.engine.evidence import render_evidence
from openinspector.engine.rule import Detected, Passed, RuleContext, Unable
from openinspector.model.inventory import LoginDefinitions, PasswordState
from openinspector.rules.security_best_practices.password_maximum_age import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import host, silent, troubled, user

CONTEXT = RuleContext()
YEAR = LoginDefinitions(values={"PASS_MAX_DAYS": "365"})
S = PasswordState


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("365", Passed),
        ("90", Passed),
        ("0", Passed),
        ("366", Detected),
        ("99999", Detected),
        ("-1", Detected),
        ("never", Detected),
        ("9" * 5000, Detected),
        (None, Detected),
    ],
)
def test_new_accounts(value: str | None, outcome: type[object]) -> None:
    values = {} if value is None else {"PASS_MAX_DAYS": value}
    assert type(RULE.evaluate(host(LoginDefinitions(values=values)), CONTEXT)) is outcome


@pytest.mark.parametrize(
    ("state", "days", "outcome"),
    [
        (S.SET, 365, Passed),
        (S.SET, 366, Detected),
        (S.SET, None, Detected),
        (S.SET, -1, Detected),
        (S.LOCKED, 99999, Passed),
        (S.EMPTY, None, Passed),
        (S.UNKNOWN, None, Passed),
    ],
)
def test_existing_accounts(state: PasswordState, days: int | None, outcome: type[object]) -> None:
    assert type(RULE.evaluate(host(YEAR, user("alice", 1000, state, days)), CONTEXT)) is outcome


def test_the_finding_names_accounts_and_quotes_them() -> None:
    facts = host(YEAR, user("bob", 1001, max_age_days=90), user("x; reboot", 1002), user("alice", 1000))
    outcome = RULE.evaluate(facts, CONTEXT)
    assert isinstance(outcome, Detected)
    found = read(outcome.detections[0])
    assert "chage --maxdays 365 -- alice\nchage --maxdays 365 -- 'x; reboot'" in found.recommendation
    assert "bob" not in found.recommendation
    assert "PASS_MAX_DAYS 365" not in found.recommendation
    assert "The password of alice (uid 1000) has no maximum age [/etc/shadow]" in render_evidence(found.evidence)


def test_no_login_definitions_on_the_host_means_no_maximum() -> None:
    assert isinstance(RULE.evaluate(host(), CONTEXT), Detected)


def test_many_accounts_are_counted() -> None:
    facts = host(YEAR, *(user(f"u{number}", number) for number in range(1000, 1130)))
    outcome = RULE.evaluate(facts, CONTEXT)
    assert isinstance(outcome, Detected)
    assert "and likewise for 30 more accounts" in read(outcome.detections[0]).recommendation
    assert read(outcome.detections[0]).evidence.because[-1].statement == "and 30 more accounts"


def test_unread_accounts_are_reported_with_the_finding() -> None:
    lasting = host(LoginDefinitions(values={"PASS_MAX_DAYS": "99999"}))
    outcome = RULE.evaluate(troubled(lasting, "accounts", "/etc/shadow: Permission denied"), CONTEXT)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert "/etc/shadow: Permission denied" in outcome.unfinished.reason
    assert isinstance(RULE.evaluate(troubled(host(YEAR), "accounts", "/etc/shadow"), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(silent(host(YEAR), "login_definitions"), CONTEXT), Unable)
