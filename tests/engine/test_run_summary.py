"""Counting the findings of a run as issues."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.run_summary import BodyHosts, count_issues, subject_of
from openinspector.model.finding import INSTANCE, AnyBody, Severity
from openinspector.testing import model_builders as builders
from openinspector.testing.body_strategies import bodies as any_body

THEN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = THEN + timedelta(days=1)


def found(body: AnyBody, *hosts: str) -> BodyHosts:
    return BodyHosts(rules_package_arn=builders.rules_package_arn(), body=body, hosts=frozenset(hosts))


def body(title: str = "Something is open", severity: Severity = Severity.MEDIUM, rule_id: str = "rule") -> AnyBody:
    return builders.stated_issue(rule_id=rule_id, title=title, severity=severity)


def test_the_hosts_of_an_issue_are_counted_once() -> None:
    content = count_issues([found(body(), "a", "b"), found(body(severity=Severity.HIGH), "b", "c")], None, NOW)
    (issue,) = content.issues
    assert (issue.hosts, issue.severity, issue.first_seen_at) == (3, Severity.HIGH, NOW)
    assert [(host.agent_id, host.counts) for host in content.hosts] == [
        ("a", {Severity.MEDIUM: 1}),
        ("b", {Severity.MEDIUM: 1, Severity.HIGH: 1}),
        ("c", {Severity.HIGH: 1}),
    ]


def test_an_issue_keeps_the_time_it_was_first_seen_and_gone_ones_are_counted() -> None:
    before = count_issues([found(body("One"), "a"), found(body("Two"), "a")], None, THEN)
    after = count_issues([found(body("Two"), "a"), found(body("Three"), "a")], before, NOW)
    assert {issue.subject: issue.first_seen_at for issue in after.issues} == {"Two": THEN, "Three": NOW}
    assert (before.gone, after.gone) == (0, 1)


def test_a_subject_names_no_instance() -> None:
    assert subject_of(body(f"Instance {INSTANCE} allows it")) == "The host allows it"
    assert subject_of(body(f"Nothing is configured on instance {INSTANCE}.")) == "Nothing is configured on the host."
    assert subject_of(body(f"{INSTANCE} is open")) == "the host is open"


ROWS = st.builds(found, any_body(), st.sampled_from("abc"))


@given(st.lists(ROWS, max_size=4), st.data())
def test_the_order_of_findings_does_not_matter(rows: list[BodyHosts], data: st.DataObject) -> None:
    counted, again = count_issues(rows, None, NOW), count_issues(data.draw(st.permutations(rows)), None, NOW)
    assert counted.hosts == again.hosts
    assert {issue.key: issue.hosts for issue in counted.issues} == {issue.key: issue.hosts for issue in again.issues}
    assert not [issue for issue in counted.issues if INSTANCE in issue.subject]
