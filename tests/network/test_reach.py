"""`reach`, which judges all ports and sources at once, agrees with `trace`, which follows one flow."""

import json
from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.network.answer import Leg
from openinspector.network.packet_filter import TCP, UDP, port_mask
from openinspector.network.port_cells import PortCells
from openinspector.network.reach import Reach, Reachability
from openinspector.network.topology import Topology
from openinspector.network.trace import Flow, Start, trace
from openinspector.testing.network_builders import Json, documents, entry, group, rule, two_vpcs
from openinspector.testing.network_generator import generated_network

INTERNET = [ip_address(text) for text in ("8.8.8.8", "8.8.4.4", "8.1.1.1", "9.1.1.1", "9.200.0.1", "100.64.0.1")]
PEERS = [ip_address(text) for text in ("10.2.1.10", "10.2.1.11", "10.2.200.1", "10.9.0.1", "192.168.1.1", "10.1.2.10")]


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
@given(st.integers(0, 2**32))
def test_reach_agrees_with_trace_on_generated_networks(seed: int) -> None:
    topology = Topology(documents(generated_network(seed)))
    reach = Reach(topology)
    judged = [found for interface in topology.interfaces.values() for found in reach.of(interface)]
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
            assert slow(topology, found, source, TCP) & ~found.tcp == 0, (seed, found, source)
            assert slow(topology, found, source, UDP) & ~found.udp == 0, (seed, found, source)


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
