"""Reading a data stream: what it says, what is left out, and that no document does more than that."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scap.small_stream import CPE, OVAL, XCCDF, stream

from openinspector.model.facts import HostFacts
from openinspector.scap.content import ApplicablePlatform, Content, LeftOut
from openinspector.scap.judge import RuleStatus, judge
from openinspector.scap.stream import ContentError, read_stream


def test_profiles_select_rules_and_set_values() -> None:
    content = read_stream(stream())
    assert (content.title, content.version) == ("Small", "1")
    strict, stricter = content.profiles["strict"], content.profiles["stricter"]
    assert strict.rules == ("rule:minimum", "rule:telnet", "rule:script")
    assert strict.values == {"value:length": "14"}
    assert stricter.rules == ("rule:minimum", "rule:telnet")
    assert stricter.values == {"value:length": "20"}


def test_a_rule_has_its_check_its_controls_and_its_platforms() -> None:
    rule = read_stream(stream()).rules["rule:telnet"]
    assert (rule.definition, rule.severity) == ("def:minimum", "low")
    assert rule.platforms == (("cpe:/o:debian:debian_linux:12",), ("#no_telnet",))
    assert read_stream(stream()).rules["rule:minimum"].controls == ("5.3.3.2.2",)
    assert read_stream(stream()).platforms["#no_telnet"] == ApplicablePlatform(
        operator="AND", negate=True, parts=("def:telnet",)
    )


def test_fixes_scripts_and_questionnaires_are_left_out_and_counted() -> None:
    content = read_stream(stream())
    assert content.left_out == LeftOut(fixes=1, scripts=1, questionnaires=1)
    assert content.rules["rule:script"].definition == ""
    assert "rm -rf" not in repr(content)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not accepted"),
        (b"<a>", "not accepted"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "document type"),
        (stream(OVAL), "no XCCDF benchmark"),
        (stream("<a>" * 70 + "</a>" * 70), "nested deeper"),
        (stream(XCCDF.replace('extends="strict"', 'extends="absent"'), CPE, OVAL), "incomplete"),
    ],
)
def test_rejects_other_documents(document: bytes, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        read_stream(document)


def test_profiles_that_extend_each_other_end() -> None:
    circle = XCCDF.replace('<Profile id="strict">', '<Profile id="strict" extends="stricter">')
    assert read_stream(stream(circle, CPE, OVAL)).profiles["strict"].rules


@given(st.data())
def test_any_change_is_read_or_left_out(data: st.DataObject) -> None:
    whole = stream()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 40)) :]
    with suppress(ContentError):
        judge_nothing(read_stream(changed))


def judge_nothing(content: Content) -> None:
    """A host without facts passes nothing, whatever the content."""
    for profile in content.profiles.values():
        assert not [r for r in judge(content, profile, HostFacts(agent_id="host-1")) if r.status is RuleStatus.PASS]
