"""Outbound ports of an interface are exactly those that `trace` finds for any destination."""

from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.network.outbound import OutboundReach, outbound
from openinspector.network.packet_filter import TCP, UDP, port_mask
from openinspector.network.port_cells import mask_ranges
from openinspector.network.topology import Topology
from openinspector.network.trace import Flow, Start, trace
from openinspector.testing.network_builders import Json, documents, entry, group, open_acl, rule, two_vpcs, without
from openinspector.testing.rich_network import rich_network

DESTINATIONS = [
    ip_address(text)
    for text in (
        *("8.8.8.8", "8.8.4.4", "8.8.9.9", "9.0.0.1", "9.200.0.1", "100.64.0.1", "192.168.1.1", "172.16.1.1"),
        *("172.31.0.1", "2606:4700::1111", "2600::1", "2a00::1", "2c00::1", "3.3.3.81", "10.9.9.9"),
    )
]


def reached(network: Json, name: str = "eni-1") -> OutboundReach:
    topology = Topology(documents(network))
    return outbound(topology, topology.interfaces[name])


def fast(found: OutboundReach, address: str, destination: object, protocol: int) -> int:
    """Return the ports of the smallest range that holds a destination."""
    ports = {
        ip_network(cidr): one.tcp if protocol == TCP else one.udp
        for one in found.open
        if one.address == address
        for cidr in one.destinations
    }
    ports |= {ip_network(cidr): () for source, cidr in (*found.closed, *found.unknown) if source == address}
    smallest = max((one for one in ports if destination in one), key=lambda one: one.prefixlen)
    return sum(port_mask(*pair) for pair in ports[smallest])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(["eni-1", "eni-2", "eni-3", "eni-4"]))
def test_ports_are_those_that_trace_finds(seed: int, name: str) -> None:
    topology = Topology(documents(rich_network(seed)))
    interface = topology.interfaces[name]
    found = outbound(topology, interface)
    for address in {one.address for one in found.open}:
        start = Start(address=ip_address(address), interface=interface)
        for destination in (one for one in DESTINATIONS if one.version == start.address.version):
            for protocol in (TCP, UDP):
                flow = Flow(start=start, destination=destination, protocol=protocol)
                answer = trace(topology, flow)
                outside = answer.reachable and answer.path[-1].kind in {"internet", "on-premises"}
                assert fast(found, address, destination, protocol) == (answer.ports if outside else 0), destination


def test_groups_and_acls_decide_which_ports_leave() -> None:
    network = two_vpcs()
    out = [rule("tcp", 443, 443), rule("udp", 53, 53, "8.8.8.8/32")]
    network["ec2-describe-security-groups"]["SecurityGroups"][0] = group(1, egress=out)
    found = reached(network)
    assert {(one.outside, one.gateway) for one in found.open} == {("internet", "igw-a")}
    assert [(one.destinations, one.udp) for one in found.open if one.udp] == [(("8.8.8.8/32",), ((53, 53),))]
    assert {one.tcp for one in found.open} == {((443, 443),)}
    network["ec2-describe-network-acls"]["NetworkAcls"][0]["Entries"].append(entry(1, "deny", egress=True))
    closed = reached(network)
    assert (closed.open, closed.not_known) == ((), ())
    assert ("10.1.1.10", "0.0.0.0/0") in closed.closed


def test_acl_of_the_nat_gateways_subnet_counts() -> None:
    network = two_vpcs()
    nat: Json = {"NatGatewayId": "nat-1", "SubnetId": "subnet-a1", "VpcId": "vpc-a", "State": "available"}
    nat["NatGatewayAddresses"] = [{"NetworkInterfaceId": "eni-n", "PrivateIp": "10.1.1.99", "PublicIp": "3.3.3.99"}]
    network["ec2-describe-nat-gateways"] = {"NatGateways": [nat]}
    interfaces = network["ec2-describe-network-interfaces"]["NetworkInterfaces"]
    private = {"PrivateIpAddress": "10.1.1.99", "Primary": True, "Association": {"PublicIp": "3.3.3.99"}}
    interfaces.append(
        {
            "NetworkInterfaceId": "eni-n",
            "SubnetId": "subnet-a1",
            "VpcId": "vpc-a",
            "InterfaceType": "nat_gateway",
            "PrivateIpAddress": "10.1.1.99",
            "PrivateIpAddresses": [private],
        }
    )
    tables = network["ec2-describe-route-tables"]["RouteTables"]
    tables[1]["Routes"].append({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"})
    assert {(one.gateway, one.tcp) for one in reached(network, "eni-2").open} == {("nat-1", ((0, 65535),))}
    acl = open_acl("vpc-a") | {"NetworkAclId": "acl-n", "IsDefault": False, "Associations": [{"SubnetId": "subnet-a1"}]}
    acl["Entries"].insert(0, entry(1, "deny", egress=True, cidr="8.0.0.0/8"))
    network["ec2-describe-network-acls"]["NetworkAcls"].append(acl)
    reach = reached(network, "eni-2")
    assert fast(reach, "10.1.2.10", ip_address("8.8.8.8"), TCP) == 0
    assert fast(reach, "10.1.2.10", ip_address("9.9.9.9"), TCP) == port_mask(0, 65535)


@pytest.mark.parametrize("operation", ["ec2-describe-network-acls", "ec2-describe-route-tables"])
def test_read_that_is_missing_is_not_known(operation: str) -> None:
    found = reached(without(two_vpcs(), operation))
    assert found.open == ()
    assert operation.replace("-", " ", 1) in found.not_known[0].reason


@given(st.sets(st.integers(0, 65535), max_size=20))
def test_ranges_of_a_mask_hold_its_ports(ports: set[int]) -> None:
    ranges = mask_ranges(sum(1 << port for port in ports))
    assert {port for first, last in ranges for port in range(first, last + 1)} == ports
    assert all(one[1] + 1 < two[0] for one, two in pairwise(ranges))
