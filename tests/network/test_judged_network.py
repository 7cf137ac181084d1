"""After one changed rule, only what depends on it is judged again, and the result is that of a new judgement."""

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.simulation import remove_rule
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import documents, two_vpcs
from openinspector.testing.network_generator import generated_network

RULES = st.sampled_from(
    [
        *(f"sg-{group}/ingress/{number}" for group in (1, 2, 3) for number in (0, 1)),
        *(f"acl-vpc-{side}/{way}/100" for side in "ab" for way in ("ingress", "egress")),
    ]
)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), rule=RULES)
def test_change_gives_the_judgement_of_the_changed_network(seed: int, rule: str) -> None:
    topology = Topology(documents(generated_network(seed)))
    network = JudgedNetwork(topology)
    network.whole()
    remove_rule(topology, rule)
    changed = network.after_change([rule.partition("/")[0]])
    assert changed.whole() == JudgedNetwork(topology).whole()


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
