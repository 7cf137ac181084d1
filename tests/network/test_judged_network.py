"""After one changed rule, only what depends on it is judged again, and the result is that of a new judgement."""

from collections.abc import Callable
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.network.exposure import RuleType, SourceClass
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.packet_filter import TCP
from openinspector.network.question import FlowDestination, FlowSource, Question, ask
from openinspector.network.simulation import remove_rule
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import Json, documents, two_vpcs
from openinspector.testing.network_generator import generated_network
from openinspector.testing.rich_network import rich_network

PORTS = (22, 80, 443)
RULES = st.sampled_from(
    [
        *(f"sg-{group}/ingress/{number}" for group in (1, 2, 3) for number in (0, 1)),
        *(f"sg-8/ingress/{number}" for number in (0, 1)),
        *(f"acl-vpc-{side}/{way}/100" for side in "ab" for way in ("ingress", "egress")),
    ]
)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), rule=RULES, make=st.sampled_from([generated_network, rich_network]))
def test_change_gives_the_judgement_of_the_changed_network(seed: int, rule: str, make: Callable[[int], Json]) -> None:
    topology = Topology(documents(make(seed)))
    network = JudgedNetwork(topology)
    network.whole()
    remove_rule(topology, rule)
    changed = network.after_change([rule.partition("/")[0]])
    assert changed.whole() == JudgedNetwork(topology).whole()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_findings_from_the_internet_are_the_questions_that_are_answered_yes(seed: int) -> None:
    topology = Topology(documents(rich_network(seed)))
    network = JudgedNetwork(topology)
    for instance, port in product(network.instances, PORTS):
        question = Question(
            protocol="tcp", port=port, source=FlowSource(internet=True), destination=FlowDestination(instance=instance)
        )
        found = [
            one
            for one in network.of_instance(instance).exposures
            if (one.port, one.protocol, one.route) == (port, TCP, SourceClass.INTERNET)
            and one.rule_type is not RuleType.EXPOSURE
        ]
        assert ask(topology, question).reachable is bool(found), (instance, port)


def test_instances_that_do_not_depend_on_the_rule_keep_their_judgement() -> None:
    topology = Topology(documents(two_vpcs()))
    network = JudgedNetwork(topology)
    before = {instance: network.of_instance(instance) for instance in network.instances}
    assert remove_rule(topology, "sg-1/ingress/0")
    changed = network.after_change(["sg-1"])
    assert changed.of_instance("i-1") is not before["i-1"]
    assert changed.of_instance("i-2") is before["i-2"]
    assert changed.of_instance("i-3") is before["i-3"]
    assert before["i-1"].exposures
    assert not changed.of_instance("i-1").exposures
