"""A topology without one rule answers as a network that never had it."""

import json

import pytest

from openinspector.network.question import ask, parse_question
from openinspector.network.simulation import remove_rule
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import documents, two_vpcs

LINE = {"protocol": "tcp", "port": 22, "source": {"internet": True}, "destination": {"address": "3.3.3.3"}}


@pytest.mark.parametrize("rule", ["sg-1/ingress/0", "acl-vpc-a/ingress/100", "acl-vpc-a/egress/100"])
def test_the_rule_of_a_path_closes_it(rule: str) -> None:
    topology = Topology(documents(two_vpcs()))
    question = parse_question(json.dumps(LINE).encode())
    assert ask(topology, question).reachable is True
    assert remove_rule(topology, rule)
    assert ask(topology, question).reachable is False


@pytest.mark.parametrize("rule", ["sg-1/ingress/1", "sg-9/ingress/0", "acl-vpc-a/ingress/7", "sg-1", "sg-1/x/0"])
def test_missing_rule(rule: str) -> None:
    assert not remove_rule(Topology(documents(two_vpcs())), rule)
