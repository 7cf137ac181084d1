"""A read that is missing makes an answer "not known"; it never turns a yes into a no, or a no into a yes."""

import json
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.test_semantics_gateways import transit

from openinspector.network.answer import Leg
from openinspector.network.exposure import Judgement, RuleType
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.question import ask, parse_question
from openinspector.network.reach import Reach
from openinspector.network.topology import Topology
from openinspector.testing.balancer_networks import (
    APPLICATION,
    APPLICATION_LISTENER,
    FORWARD,
    NETWORK,
    TARGETS,
    alb,
    by_group,
    classic,
    network_balancer,
)
from openinspector.testing.network_builders import Json, answer, documents, group, two_vpcs, without
from openinspector.testing.rich_network import rich_network

ASSUMED = {
    "ec2-describe-addresses",
    "ec2-describe-egress-only-internet-gateways",
    "ec2-describe-vpc-block-public-access-options",
    "elbv2-describe-target-group-attributes",
}
"""Reads that are off by default: without them the answer states what it assumes (design/reachability.md, section 1)."""
INSTANCES = ("i-1", "i-2", "i-3", "i-4")
DENIED = b"An error occurred (UnauthorizedOperation) when calling the operation"


def questions() -> Iterator[Json]:
    """Yield questions from every class of sources to every instance, and to the public addresses."""
    internet: Json = {"internet": True}
    others: list[Json] = [{"gateway": name} for name in ("tgw-1", "vgw-1", "pcx-1")]
    asked = list(product([internet], INSTANCES, (22, 80, 443)))
    asked += product([*others, {"instance": "i-1"}, {"instance": "i-3"}], INSTANCES, (22,))
    for source, host, port in asked:
        yield {"protocol": "tcp", "port": port, "source": source, "destination": {"instance": host}}
    for address, port in product(("3.3.3.3", "3.3.3.81", "3.3.3.83", "3.3.3.84"), (22, 443)):
        yield {"protocol": "tcp", "port": port, "source": internet, "destination": {"address": address}}


def answers(network: Json, asked: list[Json]) -> list[bool | None]:
    topology = Topology(documents(network))
    return [ask(topology, parse_question(json.dumps(one).encode())).reachable for one in asked]


def without_one(network: Json, name: str, *, denied: bool) -> Json:
    """Return a network in which a call failed, or was not made. A denied call has no id."""
    rest = {one: content for one, content in network.items() if one != name}
    return rest | {name.partition("/")[0]: DENIED} if denied else rest


@st.composite
def cut_networks(draw: st.DrawFn) -> tuple[Json, Json, str]:
    network = rich_network(draw(st.integers(0, 2**32)))
    name = draw(st.sampled_from(sorted(one for one in network if one.partition("/")[0] not in ASSUMED)))
    return network, without_one(network, name, denied=draw(st.booleans())), name


@settings(max_examples=40, deadline=None)
@given(networks=cut_networks())
def test_answer_is_the_same_or_not_known(networks: tuple[Json, Json, str]) -> None:
    whole, cut, name = networks
    asked = list(questions())
    for question, before, after in zip(asked, answers(whole, asked), answers(cut, asked), strict=True):
        assert after in {before, None}, (name, question, before, after)


def ports(judgement: Judgement) -> set[tuple[str, ...]]:
    return {one.opening for one in judgement.exposures if one.rule_type is not RuleType.EXPOSURE}


@settings(max_examples=25, deadline=None)
@given(networks=cut_networks())
def test_finding_that_vanishes_leaves_what_is_not_known(networks: tuple[Json, Json, str]) -> None:
    before, after = (JudgedNetwork(Topology(documents(one))).whole() for one in networks[:2])
    assert ports(after) <= ports(before), networks[2]
    if ports(after) != ports(before):
        assert after.not_known, networks[2]


def of_internet(network: Json, host: str, port: int) -> tuple[bool | None, str]:
    """Return whether the internet reaches a port of an instance, and what is not known."""
    said = answer(network, {"internet": True}, "", port, destination={"instance": host})
    return said.reachable, said.not_known.reason if said.not_known else ""


def lacks(network: Json) -> str:
    """Return what the judgement of the whole network says is not known."""
    return " ".join(lack.reason for lack in JudgedNetwork(Topology(documents(network))).whole().not_known)


RULE = {"RuleArn": "r", "Conditions": [{"Field": "path-pattern"}], "Actions": [FORWARD]}


@pytest.mark.parametrize(
    ("network", "name", "host", "port"),
    [
        (alb({"Type": "redirect"}, rules=[RULE], port=22), f"elbv2-describe-rules/{APPLICATION_LISTENER}", "i-2", 22),
        (alb(port=22), f"elbv2-describe-listeners/{APPLICATION}", "i-2", 22),
        (alb(port=22), "elbv2-describe-load-balancers", "i-2", 22),
        (alb(port=22), "elbv2-describe-target-groups", "i-2", 22),
        (alb(port=22), f"elbv2-describe-target-health/{TARGETS}", "i-2", 22),
        (network_balancer(port=22), f"elbv2-describe-listeners/{NETWORK}", "i-2", 22),
        (network_balancer(port=22), "elbv2-describe-load-balancers", "i-2", 22),
        (network_balancer(port=22), f"elbv2-describe-target-health/{TARGETS}", "i-2", 22),
        (network_balancer(port=22, cidr="8.0.0.0/8"), f"elbv2-describe-target-health/{TARGETS}", "i-2", 22),
        (classic(), "elb-describe-load-balancers", "i-1", 22),
    ],
)
def test_row_57_and_59_a_balancer_that_cannot_be_read_is_not_known(
    network: Json, name: str, host: str, port: int
) -> None:
    assert of_internet(network, host, port) == (True, "")
    for denied in (False, True):
        cut = without_one(network, name, denied=denied)
        reachable, reason = of_internet(cut, host, port)
        assert reachable is None
        assert name.partition("/")[0].replace("-", " ", 1) in reason
        assert reason in lacks(cut)
        # The groups of another host let nothing in at this port: that is certain.
        assert of_internet(cut, "i-3", 23)[0] is False


def test_row_59_default_action_is_known_without_the_rules() -> None:
    network = without_one(alb(port=22), f"elbv2-describe-rules/{APPLICATION_LISTENER}", denied=True)
    assert of_internet(network, "i-2", 22) == (True, "")


def test_row_59_group_that_no_rule_names_is_not_behind_rules_that_are_missing() -> None:
    network = alb({"Type": "redirect"}, rules=[RULE], port=22)
    network["elbv2-describe-target-groups"]["TargetGroups"][0]["LoadBalancerArns"] = []
    network = without_one(network, f"elbv2-describe-rules/{APPLICATION_LISTENER}", denied=True)
    assert of_internet(network, "i-2", 22)[0] is False


def test_row_52_target_in_another_zone_is_not_known_without_the_attributes_of_the_balancer() -> None:
    network = network_balancer(port=22)
    network["elbv2-describe-load-balancers"]["LoadBalancers"][0]["AvailabilityZones"] = [
        {"ZoneName": zone, "SubnetId": "subnet-a1"} for zone in ("eu-west-1a", "eu-west-1b")
    ]
    network["ec2-describe-network-interfaces"]["NetworkInterfaces"][1]["AvailabilityZone"] = "eu-west-1b"
    reachable, reason = of_internet(network, "i-2", 22)
    assert reachable is None
    assert "describe-load-balancer-attributes" in reason


def test_row_07_route_to_a_gateway_by_an_unknown_prefix_list_is_not_known() -> None:
    network = two_vpcs()
    table = network["ec2-describe-route-tables"]["RouteTables"][0]
    table["Routes"][2] = {"DestinationPrefixListId": "pl-1", "GatewayId": "igw-a"}
    assert "pl-1" in lacks(network)


def test_route_tables_that_are_missing_hide_peers_and_networks_on_premises() -> None:
    judged = JudgedNetwork(Topology(documents(without(two_vpcs(), "ec2-describe-route-tables")))).whole()
    assert {lack.exclusion for lack in judged.not_known} >= {Leg.INTERNET, Leg.PEERING, Leg.VPN}


def test_region_without_interfaces_is_not_known() -> None:
    assert "describe-network-interfaces" in lacks(without(two_vpcs(), "ec2-describe-network-interfaces"))


def test_row_64_what_the_owner_of_a_shared_vpc_alone_sees_is_not_known() -> None:
    network = two_vpcs()
    network["ec2-describe-internet-gateways"] = {"InternetGateways": []}
    assert of_internet(network, "i-1", 22)[0] is False
    network["ec2-describe-vpcs"]["Vpcs"][0]["OwnerId"] = "210987654321"
    reachable, reason = of_internet(network, "i-1", 22)
    assert reachable is None
    assert "210987654321, which owns vpc-a" in reason


def test_row_32_exclusions_of_block_public_access_that_are_missing_may_let_it_in() -> None:
    network = two_vpcs()
    options = {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "block-ingress"}}
    network["ec2-describe-vpc-block-public-access-options"] = options
    assert of_internet(network, "i-1", 22)[0] is None
    assert of_internet(network, "i-1", 23)[0] is False
    network["ec2-describe-vpc-block-public-access-exclusions"] = {"VpcBlockPublicAccessExclusions": []}
    assert of_internet(network, "i-1", 22)[0] is False


def test_row_03_members_of_a_group_in_an_account_that_was_not_read_are_not_known() -> None:
    network = two_vpcs()
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(1, by_group(9))
    topology = Topology(documents(network))
    (peers,) = (one for one in Reach(topology).of(topology.interfaces["eni-1"]) if one.leg is Leg.PEERING)
    assert peers.not_known is not None
    assert "sg-9" in peers.not_known.reason


def test_row_46_networks_on_premises_behind_a_transit_gateway_are_not_passed_over() -> None:
    network = transit()
    assert "tgw-1" not in lacks(network)
    name = "ec2-describe-transit-gateway-attachments"
    network[name]["TransitGatewayAttachments"].append(
        {
            "TransitGatewayAttachmentId": "tgw-attach-v",
            "TransitGatewayId": "tgw-1",
            "ResourceId": "vpn-1",
            "ResourceType": "vpn",
            "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1"},
        }
    )
    propagations = network["ec2-get-transit-gateway-route-table-propagations/tgw-rtb-1"]
    propagations["TransitGatewayRouteTablePropagations"].append(
        {"ResourceId": "vpn-1", "ResourceType": "vpn", "TransitGatewayAttachmentId": "tgw-attach-v"}
    )
    network["ec2-describe-route-tables"]["RouteTables"][2]["Routes"].append(
        {"DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayId": "tgw-1"}
    )
    assert "reach ask tgw-1" in lacks(network)
    network["ec2-describe-security-groups"]["SecurityGroups"] = [group(number) for number in (1, 2, 3)]
    assert "tgw-1" not in lacks(network)
