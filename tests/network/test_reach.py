"""`reach`, which judges all ports and sources at once, agrees with `trace`, which follows one flow."""

import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.network.answer import Leg
from openinspector.network.aws.noun import Eni
from openinspector.network.packet_filter import TCP, UDP, port_mask
from openinspector.network.port_cells import PortCells
from openinspector.network.question import FlowDestination, FlowSource, Question, ask
from openinspector.network.reach import Reach, Reachability
from openinspector.network.topology import Topology, is_balancer
from openinspector.network.trace import Flow, Start, trace
from openinspector.testing.network_builders import Json, answer, documents, entry, group, rule, two_vpcs
from openinspector.testing.network_generator import dual_stack_network, generated_network
from openinspector.testing.rich_network import rich_network

INTERNET_IPV6 = ["2606:4700::1111", "2606:4700::2222", "2600::1", "2a00::1", "2a05:d018:ffff::1", "2c00::1"]
PEERS_IPV6 = ["2a05:d018:2:1::10", "2a05:d018:2:1::11", "2a05:d018:2:ff::1", "2a05:d018:1:2::10"]
INTERNET = [
    ip_address(text) for text in ("8.8.8.8", "8.8.4.4", "8.1.1.1", "9.1.1.1", "9.200.0.1", "100.64.0.1", *INTERNET_IPV6)
]
PEERS = [
    ip_address(text)
    for text in ("10.2.1.10", "10.2.1.11", "10.2.200.1", "10.9.0.1", "192.168.1.1", "10.1.2.10", *PEERS_IPV6)
]


def hosts(topology: Topology) -> list[Eni]:
    """Return the interfaces that are judged by ports: those of load balancers only forward."""
    return [interface for interface in topology.interfaces.values() if not is_balancer(interface)]


def slow(topology: Topology, found: Reachability, source: Any, protocol: int) -> int:
    start = Start(address=source, gateway="" if found.leg is Leg.INTERNET else found.gateway)
    answer = trace(topology, Flow(start=start, destination=found.dialled, protocol=protocol))
    return answer.ports if answer.reachable else 0


def fast(found: Reachability, source: Any, protocol: int) -> int:
    """Return the ports of the innermost opening that holds a source."""
    mask = 0
    for opening in found.openings:
        if opening.source == source:
            for first, last in opening.tcp if protocol == TCP else opening.udp:
                mask |= port_mask(first, last)
    return mask


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), make=st.sampled_from([generated_network, dual_stack_network, rich_network]))
def test_reach_agrees_with_trace_on_generated_networks(seed: int, make: Callable[[int], Json]) -> None:
    topology = Topology(documents(make(seed)))
    reach = Reach(topology)
    judged = [found for interface in hosts(topology) for found in reach.of(interface)]
    for found in judged:
        if found.not_known:
            continue
        for opening in found.openings:
            for protocol in (TCP, UDP):
                if slow(topology, found, opening.source, protocol):
                    assert fast(found, opening.source, protocol) == slow(topology, found, opening.source, protocol)
                else:
                    assert fast(found, opening.source, protocol) == 0
        for source in INTERNET if found.leg is Leg.INTERNET else PEERS:
            if source.version != found.dialled.version:
                continue
            assert slow(topology, found, source, TCP) & ~found.tcp == 0, (seed, found, source)
            assert slow(topology, found, source, UDP) & ~found.udp == 0, (seed, found, source)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    make=st.sampled_from([generated_network, dual_stack_network, rich_network]),
    port=st.sampled_from([21, 22, 80, 443, 1024, 61000]),
)
def test_a_question_about_the_internet_agrees_with_reach(seed: int, make: Callable[[int], Json], port: int) -> None:
    topology = Topology(documents(make(seed)))
    reach = Reach(topology)
    for found in (found for interface in hosts(topology) for found in reach.of(interface)):
        if found.leg is Leg.INTERNET and not found.not_known:
            destination = FlowDestination(address=str(found.dialled))
            question = Question(protocol="tcp", port=port, source=FlowSource(internet=True), destination=destination)
            assert ask(topology, question).reachable is bool(found.tcp >> port & 1), (found, port)


def of(network: Json, name: str = "eni-1") -> dict[str, Reachability]:
    topology = Topology(documents(network))
    return {found.gateway: found for found in Reach(topology).of(topology.interfaces[name])}


def test_classes_are_the_gateways_of_the_route_table() -> None:
    found = of(two_vpcs())
    assert set(found) == {"pcx-1", "igw-a"}
    assert found["igw-a"].tcp == found["pcx-1"].tcp == 1 << 22
    assert found["igw-a"].udp == 0


def test_sources_of_an_opening_are_counted_without_the_ranges_inside() -> None:
    network = two_vpcs()
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(
        1, rule("tcp", 22, 22, "8.8.8.0/24"), rule("tcp", 22, 80, "8.8.8.8/32")
    )
    openings = {opening.cidr: opening for opening in of(network)["igw-a"].openings}
    assert {cidr: (one.size, one.tcp) for cidr, one in openings.items()} == {
        "8.8.8.0/24": (255, ((22, 22),)),
        "8.8.8.8/32": (1, ((22, 80),)),
    }


def test_a_rule_for_an_address_of_the_network_itself_hides_no_other_source() -> None:
    network = two_vpcs()
    own = {"PublicIp": "3.3.3.8"}
    network["ec2-describe-network-interfaces"]["NetworkInterfaces"][1]["PrivateIpAddresses"][0]["Association"] = own
    rules = rule("tcp", 22, 22, "3.3.3.8/32"), rule("tcp", 80, 80, "3.3.3.8/31"), rule("tcp", 443, 443)
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(1, *rules)
    openings = {opening.cidr: opening.tcp for opening in of(network)["igw-a"].openings}
    assert openings["0.0.0.0/0"] == ((443, 443),)
    assert openings["3.3.3.8/31"] == ((80, 80), (443, 443))
    assert "3.3.3.8/32" not in openings


def test_shared_addresses_are_not_the_internet() -> None:
    network = two_vpcs()  # RFC 6598: providers and clusters use them inside
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(1, rule("tcp", 22, 22, "100.64.0.0/10"))
    assert of(network)["igw-a"].tcp == 0
    assert answer(network, {"internet": True}, "3.3.3.3").reachable is False


def test_any_address_behind_a_gateway_is_a_source() -> None:
    network = two_vpcs()
    network["ec2-describe-route-tables"]["RouteTables"][0]["Routes"].append(
        {"DestinationCidrBlock": "20.0.0.0/8", "GatewayId": "vgw-1"}
    )
    gateway = {"VpnGatewayId": "vgw-1", "VpcAttachments": [{"VpcId": "vpc-a", "State": "attached"}]}
    network["ec2-describe-vpn-gateways"] = {"VpnGateways": [gateway]}
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(1, rule("tcp", 22, 22, "20.0.0.0/8"))
    assert of(network)["vgw-1"].tcp == 1 << 22
    assert answer(network, {"gateway": "vgw-1"}, "10.1.1.10").reachable is True


def test_a_vpc_behind_the_same_direct_connect_gateway_hides_no_other_source() -> None:
    network = two_vpcs()
    route = {"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "vgw-1"}
    network["ec2-describe-route-tables"]["RouteTables"][0]["Routes"][1:2] = [route]
    rules = rule("tcp", 22, 22, "10.2.0.0/16"), rule("tcp", 443, 443, "10.0.0.0/8")
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(1, *rules)
    gateways = [
        {"VpnGatewayId": f"vgw-{number}", "VpcAttachments": [{"VpcId": vpc, "State": "attached"}]}
        for number, vpc in ((1, "vpc-a"), (2, "vpc-b"))
    ]
    associations = [
        {
            "directConnectGatewayId": "dx-1",
            "associatedGateway": {"id": f"vgw-{number}", "type": "virtualPrivateGateway"},
        }
        for number in (1, 2)
    ]
    network |= {
        "ec2-describe-vpn-gateways": {"VpnGateways": gateways},
        "directconnect-describe-direct-connect-gateway-associations/dx-1": {
            "directConnectGatewayAssociations": associations
        },
    }
    openings = {opening.cidr: opening.tcp for opening in of(network)["vgw-1"].openings}
    assert openings == {"10.0.0.0/8": ((443, 443),)}


def test_a_denied_part_of_a_range_makes_a_hole() -> None:
    network = two_vpcs()
    halves = [entry(1, "deny", cidr="0.0.0.0/1"), entry(2, "deny", cidr="128.0.0.0/1")]
    network["ec2-describe-network-acls"]["NetworkAcls"][0]["Entries"][:0] = halves
    assert of(network)["igw-a"].tcp == 0


def test_uncollected_data_makes_the_answer_unknown() -> None:
    for operation in ("ec2-describe-network-acls", "ec2-describe-security-groups", "ec2-describe-route-tables"):
        network = json.loads(json.dumps(two_vpcs()))
        del network[operation]
        assert any(one.not_known for one in of(network).values()), operation


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))))
def test_cells_and_masks_hold_the_same_ports(ranges: list[tuple[int, int]]) -> None:
    cells = PortCells.between(ranges)
    ports, mask = 0, 0
    for first, last in ranges:
        ports |= cells.of(first, last)
        mask |= port_mask(first, last)
    assert cells.mask(ports) == mask
    assert all(a[1] + 1 < b[0] for a, b in zip(cells.ranges(ports), cells.ranges(ports)[1:], strict=False))
