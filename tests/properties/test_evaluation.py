"""Laws of evaluation: same facts, same rules, same bytes; more rules take nothing away."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.engine.evaluate import HostEvaluation, RunEvaluation, evaluate
from openinspector.engine.rule import Rule, RuleContext
from openinspector.engine.subject import subject_of
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.model.asset import AssetAttributes
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import DirectoryMode, Group, User
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.testing.conformance.rule import host_facts

RUN = RunArn("arn:aws:inspector:us-east-1:123456789012:target/0-AAAAAAAA/template/0-BBBBBBBB/run/0-CCCCCCCC")
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
ASSET = AssetAttributes(agent_id="i-1")
RULES: dict[RulesPackageArn, tuple[Rule, ...]] = {
    RulesPackageArn(name): tuple(rules.values()) for name, rules in discover_rules().items()
}
EVERY_RULE = replace(
    next(iter(RULES.values()))[0],
    reads=tuple(dict.fromkeys(kind for rules in RULES.values() for rule in rules for kind in rule.reads)),
    sensors=tuple(dict.fromkeys(name for rules in RULES.values() for rule in rules for name in rule.sensors)),
)
FACTS = host_facts(EVERY_RULE)


def judged(facts: HostFacts, rules: dict[RulesPackageArn, tuple[Rule, ...]] = RULES) -> HostEvaluation:
    return evaluate(RunEvaluation(run_arn=RUN, rules=rules, context=RuleContext(), now=NOW), subject_of(facts), ASSET)


def as_bytes(result: HostEvaluation) -> bytes:
    return msgspec.json.encode(result)


@settings(max_examples=50)
@given(FACTS)
def test_the_same_facts_give_the_same_bytes(facts: HostFacts) -> None:
    assert as_bytes(judged(facts)) == as_bytes(judged(facts))


@settings(max_examples=50)
@given(FACTS, st.data())
def test_the_order_in_which_sensors_ended_does_not_matter(facts: HostFacts, data: st.DataObject) -> None:
    records = data.draw(st.permutations(list(facts.records.items())))
    sensors = data.draw(st.permutations(list(facts.sensors.items())))
    assert as_bytes(judged(replace(facts, records=dict(records), sensors=dict(sensors)))) == as_bytes(judged(facts))


@settings(max_examples=50)
@given(FACTS, st.data())
def test_the_order_of_accounts_and_directories_does_not_matter(facts: HostFacts, data: st.DataObject) -> None:
    records = dict(facts.records)
    for kind in (User, Group, DirectoryMode):
        records[kind] = tuple(data.draw(st.permutations(facts.all(kind))))
    assert as_bytes(judged(replace(facts, records=records))) == as_bytes(judged(facts))


@settings(max_examples=50)
@given(FACTS)
def test_each_rule_has_one_result_and_each_gap_an_exclusion(facts: HostFacts) -> None:
    result = judged(facts)
    assert len(result.rule_results) == sum(map(len, RULES.values()))
    assert len(result.findings) == sum(noted.findings for noted in result.rule_results)
    assert len({finding.arn for finding in result.findings}) == len(result.findings)
    # The run itself excludes a host for rules that need what it has not collected (ADR 70).
    collected = {r.title for rules in RULES.values() for r in rules if r.needs <= subject_of(facts).known}
    unable = {noted.title for noted in result.rule_results if noted.outcome == "UNABLE"} & collected
    descriptions = " ".join(exclusion.preview.description for exclusion in result.exclusions)
    assert all(title in descriptions for title in unable)
    assert "The rule failed" not in descriptions


@settings(max_examples=50)
@given(FACTS)
def test_packages_do_not_affect_each_other(facts: HostFacts) -> None:
    together = judged(facts)
    for package, rules in RULES.items():
        alone = judged(facts, {package: rules})
        assert alone.findings == tuple(f for f in together.findings if f.rules_package_arn == package)
