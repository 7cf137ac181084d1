"""Needs of rules, and subjects that meet them or not."""

from dataclasses import replace

from openinspector.engine.evaluate import RunEvaluation, evaluate
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.rule import Outcome, Passed, Rule, RuleContext
from openinspector.engine.subject import EvaluationSubject, Need, needs_of
from openinspector.model.asset import AssetAttributes
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity
from openinspector.model.inventory import User
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.topology import Topology
from openinspector.testing import model_builders as builders
from openinspector.testing.fact_builders import AGENT_ID, host
from openinspector.testing.network_builders import documents, two_vpcs

SEEN: list[RuleContext] = []


def see(facts: HostFacts, context: RuleContext) -> Outcome:
    SEEN.append(context)
    return Passed(evidence=Evidence(statement=f"{len(facts.sensors)} sensors"))


TELEMETRY = Rule(
    name="of_the_host",
    title="Of the host",
    severity=Severity.LOW,
    description="d",
    recommendation="r",
    reads=(User,),
    sensors=("accounts",),
    evaluate=see,
)
SNAPSHOT = replace(
    TELEMETRY, name="of_the_account", sensors=(), optional_sensors=("accounts",), operations=("ec2-describe-vpcs",)
)
BOTH = replace(TELEMETRY, name="of_both", operations=("ec2-describe-vpcs",))
ASSET = AssetAttributes(agent_id=AGENT_ID)


def outcomes(subject: EvaluationSubject) -> dict[str, OutcomeKind]:
    SEEN.clear()
    run = RunEvaluation(
        run_arn=builders.run().arn,
        rules={builders.run().rules_package_arns[0]: (TELEMETRY, SNAPSHOT, BOTH)},
        context=RuleContext(),
        now=builders.START,
    )
    result = evaluate(run, subject, ASSET)
    assert not result.exclusions  # why data is missing is known to the run, not to its rules
    return {one.rule: one.outcome for one in result.rule_results}


def test_needs_of_a_rule_follow_from_its_records() -> None:
    assert TELEMETRY.needs == {Need.TELEMETRY}
    assert SNAPSHOT.needs == {Need.SNAPSHOT}
    assert needs_of((TELEMETRY, SNAPSHOT)) == BOTH.needs == set(Need)
    assert needs_of(()) == set()


def test_a_rule_is_evaluated_if_its_needs_are_met() -> None:
    network = JudgedNetwork(Topology(documents(two_vpcs())))
    agentless = EvaluationSubject(id=AGENT_ID, network=network)
    assert outcomes(agentless) == {
        "of_the_host": OutcomeKind.UNABLE,
        "of_the_account": OutcomeKind.PASSED,
        "of_both": OutcomeKind.UNABLE,
    }
    assert [context.network for context in SEEN] == [network]
    assert outcomes(EvaluationSubject(id=AGENT_ID, host=host())) == {
        "of_the_host": OutcomeKind.PASSED,
        "of_the_account": OutcomeKind.UNABLE,
        "of_both": OutcomeKind.UNABLE,
    }


def test_only_rules_that_declare_operations_see_the_network() -> None:
    network = JudgedNetwork(Topology(documents(two_vpcs())))
    assert set(outcomes(EvaluationSubject(id=AGENT_ID, host=host(), network=network)).values()) == {OutcomeKind.PASSED}
    assert [context.network for context in SEEN] == [None, network, network]
