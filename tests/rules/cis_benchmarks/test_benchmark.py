from tests.cis.judging import facts

from openinspector.cis.benchmarks import benchmark_for
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.rule import Detected, NotApplicable, RuleContext, Unable
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.ground import setting
from openinspector.model.inventory import KernelParameters
from openinspector.model.tailoring import Tailoring
from openinspector.rules.cis_benchmarks.benchmark import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import operating_system

FORWARDING = KernelParameters(values={"net.ipv4.ip_forward": "1"})


def test_a_failed_control_is_one_finding_a_profile() -> None:
    """F5.20, F5.23."""
    outcome = RULE.evaluate(facts(operating_system(), FORWARDING), RuleContext())
    assert isinstance(outcome, Detected)
    found = [found for found in map(read, outcome.detections) if found.rule_id.startswith("3.3.1 ")]
    assert [{a.key: a.value for a in each.attributes} for each in found] == [
        {
            "BENCHMARK_ID": "Debian Linux 12 Benchmark v1.1.0",
            "BENCHMARK_RULE_ID": found[0].rule_id,
            "CIS_BENCHMARK_PROFILE": profile,
        }
        for profile in ("Level 1 Server", "Level 2 Server", "Level 1 Workstation", "Level 2 Workstation")
    ]
    assert "net.ipv4.ip_forward is 1" in str(found[0].evidence)
    assert len({each.subject for each in outcome.detections}) == len(outcome.detections)


def test_a_failed_control_states_what_waivers_may_hold() -> None:
    outcome = RULE.evaluate(facts(operating_system(), FORWARDING), RuleContext())
    assert isinstance(outcome, Detected)
    found = [found for found in outcome.detections if found.issue == "debian_12/3.3.1"]
    assert len(found) == 4
    assert setting("net.ipv4.ip_forward", "1") in found[0].grounds


def test_a_control_that_is_switched_off_is_neither_a_finding_nor_part_of_the_exclusion() -> None:
    published = RULE.evaluate(facts(operating_system(), FORWARDING), RuleContext())
    off = {"debian_12/3.3.1": "It is a router.", "debian_12/3.1.2": "It has no antenna."}
    tailored = RULE.evaluate(facts(operating_system(), FORWARDING), RuleContext(tailoring=Tailoring(switched_off=off)))
    assert isinstance(published, Detected)
    assert isinstance(tailored, Detected)
    assert {d.issue for d in published.detections} - {d.issue for d in tailored.detections} == {"debian_12/3.3.1"}
    assert tailored.unfinished is not None
    assert "Wireless interfaces are off" not in tailored.unfinished.reason


def test_unjudged_controls_are_an_exclusion_in_addition_to_findings() -> None:
    outcome = RULE.evaluate(facts(operating_system(), FORWARDING), RuleContext())
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert "Wireless interfaces are off" in outcome.unfinished.reason


def test_a_system_without_a_benchmark_is_an_exclusion() -> None:
    outcome = RULE.evaluate(facts(operating_system("alpine", "3.20")), RuleContext())
    assert isinstance(outcome, Unable)
    assert outcome.kind is ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS


def test_a_host_that_sent_no_operating_system_is_unable() -> None:
    assert isinstance(RULE.evaluate(HostFacts(agent_id="i-1"), RuleContext()), Unable)


def test_host_without_records_passes_nothing() -> None:
    facts_of_nothing = HostFacts(agent_id="i-1", records={type(operating_system()): (operating_system(),)})
    outcome = RULE.evaluate(facts_of_nothing, RuleContext())
    assert isinstance(outcome, Unable | NotApplicable)


def test_every_control_that_is_not_switched_off_has_an_outcome() -> None:
    outcome = RULE.evaluate(
        facts(operating_system(), FORWARDING),
        RuleContext(tailoring=Tailoring(switched_off={"debian_12/1.1.1.1": "needed"})),
    )
    assert isinstance(outcome, Detected)
    outcomes = {part.name: part.outcome for part in outcome.parts}
    assert outcomes["debian_12/3.3.1"] is OutcomeKind.DETECTED
    assert "debian_12/1.1.1.1" not in outcomes
    benchmark = benchmark_for(operating_system())
    assert benchmark is not None
    assert len(outcomes) == len(benchmark.controls) - 1
    assert set(outcomes.values()) >= {OutcomeKind.DETECTED, OutcomeKind.UNABLE, OutcomeKind.NOT_APPLICABLE}
