"""The suite for rules can fail: each of these rules breaks one of its checks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from openinspector.engine.rule import Detected, Detection, NotApplicable, Outcome, Passed, Rule, RuleContext
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity, StatedIssue
from openinspector.model.inventory import Group, User
from openinspector.testing.conformance.rule import RuleConformance, UndeclaredReadError

WHY = Evidence(statement="because")
SUITE = RuleConformance()
CONTEXT = RuleContext()
_COUNTER: Iterator[int] = count()


def rule(judge: Callable[[HostFacts], Outcome]) -> Rule:
    return Rule(
        name="a_rule",
        title="A rule",
        severity=Severity.LOW,
        description="d",
        recommendation="r",
        reads=(User,),
        sensors=("accounts",),
        evaluate=lambda facts, _context: judge(facts),
    )


def _passed(_facts: HostFacts) -> Outcome:
    return Passed(evidence=WHY)


def _sees_groups(facts: HostFacts) -> Outcome:
    facts.all(Group)
    return Passed(evidence=WHY)


def _counts_everything(facts: HostFacts) -> Outcome:
    return NotApplicable(reason=f"{len(facts.records)} kinds")


def _asks_another_sensor(facts: HostFacts) -> Outcome:
    return NotApplicable(reason=str(facts.complete("dpkg")))


def _says_something_else_each_time(_facts: HostFacts) -> Outcome:
    return NotApplicable(reason=str(next(_COUNTER)))


def _trips_over_a_user(facts: HostFacts) -> Outcome:
    return NotApplicable(reason=str([1 // user.uid for user in facts.all(User)]))


def _finds_nothing(_facts: HostFacts) -> Outcome:
    return Detected(detections=())


def _has_no_title(_facts: HostFacts) -> Outcome:
    body = StatedIssue(
        rule_id="A rule", severity=Severity.LOW, title="", description="d", recommendation="r", evidence=WHY
    )
    return Detected(detections=(Detection(subject="", body=body),))


@pytest.mark.parametrize(
    ("judge", "error"),
    [
        (_sees_groups, UndeclaredReadError),
        (_counts_everything, UndeclaredReadError),
        (_asks_another_sensor, UndeclaredReadError),
        (_says_something_else_each_time, AssertionError),
        (_trips_over_a_user, ZeroDivisionError),
        (_finds_nothing, AssertionError),
        (_has_no_title, AssertionError),
    ],
)
def test_invalid_rule_fails(judge: Callable[[HostFacts], Outcome], error: type[BaseException]) -> None:
    with pytest.raises(error):
        SUITE.test_on_any_host(rule(judge), CONTEXT)


def test_valid_rule_passes() -> None:
    SUITE.test_on_any_host(rule(_passed), CONTEXT)


def test_a_pass_without_telemetry_fails() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_empty_host_has_no_finding(rule(_passed), CONTEXT)


@pytest.mark.parametrize("title", ["", "t" * 129])
def test_invalid_title_fails(title: str) -> None:
    with pytest.raises(AssertionError):
        SUITE.test_texts_fit_the_api(replace(rule(_passed), title=title))


def test_a_rule_that_declares_nothing_fails() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_declares_records_it_reads(replace(rule(_passed), sensors=()))
