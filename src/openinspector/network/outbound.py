"""Outbound: which TCP and UDP ports of the internet and of networks on premises an interface reaches.

All ranges that groups, ACLs and route tables on the way name are nested or disjoint. They cut the address space into
parts that every filter treats alike, so one `trace` for each part is exact. Hosts of other VPCs are not outside: the
inbound answer for such a host has what reaches it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from openinspector.network.answer import Answer, NotKnown
from openinspector.network.aws import noun
from openinspector.network.filter_atoms import SPECIAL_BLOCKS
from openinspector.network.packet_filter import TCP, UDP, permission_ranges
from openinspector.network.port_cells import mask_ranges
from openinspector.network.topology import (
    Address,
    Network,
    Topology,
    parse_address,
    parse_network,
    private_addresses,
)
from openinspector.network.trace import Flow, Start, trace

Ports = tuple[tuple[int, int], ...]
"""Ranges of ports, first and last."""
_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")
_OUTSIDE: Final = frozenset({"internet", "on-premises"})
_GATEWAYS: Final = frozenset({"internet-gateway", "egress-only-internet-gateway", "nat-gateway", "vpn-gateway"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Destinations behind one gateway that have the same open ports."""

    interface: str
    address: str
    """The address of the interface that the flows come from."""
    outside: str
    """`internet` or `on-premises`."""
    gateway: str
    destinations: tuple[str, ...]
    """Ranges, without the parts that another answer for the address, ``closed`` or ``unknown`` lists."""
    tcp: Ports
    udp: Ports
    answer: Answer
    """The path to one of the destinations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundReach:
    """The ports that one interface reaches outside, and the parts that are closed or not known."""

    open: tuple[Outbound, ...]
    closed: tuple[tuple[str, str], ...]
    """Address of the interface, and a range of which it reaches no port."""
    unknown: tuple[tuple[str, str], ...]
    """Address of the interface, and a range of which that is not known."""
    not_known: tuple[NotKnown, ...]


def outbound(topology: Topology, interface: noun.Eni) -> OutboundReach:
    """Return the ports that an interface reaches outside of the network."""
    found: dict[tuple[str, str, str, Ports, Ports], list[tuple[str, Answer]]] = defaultdict(list)
    lacking: dict[NotKnown, None] = {}
    closed: list[tuple[str, str]] = []
    unknown: list[tuple[str, str]] = []
    for source in [one for text in private_addresses(interface) if (one := parse_address(text))]:
        start = Start(address=source, interface=interface)
        for cidr, destination in _parts(_ranges(topology, interface), source.version):
            flows = (Flow(start=start, destination=destination, protocol=protocol) for protocol in (TCP, UDP))
            answers = [trace(topology, flow) for flow in flows]
            lacking |= {one.not_known: None for one in answers if one.not_known}
            tcp, udp = (mask_ranges(one.ports) for one in answers)
            through = next((one for one in answers if one.ports and one.path[-1].kind in _OUTSIDE), None)
            if through is None:
                (unknown if any(one.not_known for one in answers) else closed).append((str(source), cidr))
            else:
                gateway = next((hop.resource for hop in through.path if hop.kind in _GATEWAYS), "")
                found[str(source), through.path[-1].kind, gateway, tcp, udp].append((cidr, through))
    opened = (_outbound(interface, *key, parts) for key, parts in found.items())
    return OutboundReach(open=tuple(opened), closed=tuple(closed), unknown=tuple(unknown), not_known=tuple(lacking))


def _outbound(  # noqa: PLR0913
    interface: noun.Eni,
    address: str,
    outside: str,
    gateway: str,
    tcp: Ports,
    udp: Ports,
    parts: Sequence[tuple[str, Answer]],
) -> Outbound:
    return Outbound(
        interface=interface.network_interface_id,
        address=address,
        outside=outside,
        gateway=gateway,
        destinations=tuple(cidr for cidr, _ in parts),
        tcp=tcp,
        udp=udp,
        answer=parts[0][1],
    )


def _ranges(topology: Topology, interface: noun.Eni) -> Iterator[str]:
    """Yield every range that something on a way out of the interface's VPC may name."""
    yield from SPECIAL_BLOCKS
    yield from topology.by_public
    yield from topology.vpc_ranges(interface.vpc_id)
    for name in interface.groups:
        group = topology.groups.get(name.group_id)
        for permission in group.ip_permissions_egress if group else ():
            yield from permission_ranges(topology, permission)
    for subnet in topology.subnets_of[interface.vpc_id]:
        acl, table = topology.acl(subnet), topology.route_table(subnet)
        yield from (entry.cidr_block or entry.ipv6_cidr_block for entry in (acl.entries if acl else ()))
        yield from (cidr for route in (table.routes if table else ()) for cidr in topology.destinations(route))
    yield from (route.destination_cidr_block for routes in topology.tgw_routes.values() for route in routes)
    yield from (r.destination_cidr_block for c in topology.vpn_connections.values() for r in c.routes)
    yield from (p.cidr for v in topology.virtual_interfaces.values() for p in v.route_filter_prefixes)


def _parts(texts: Iterable[str], version: int) -> Iterator[tuple[str, Address]]:
    """Yield each range with an address of it that no range inside has; a range that others fill has none."""
    known = {parse_network(text) for text in (*texts, *_EVERYWHERE)}
    networks = [one for one in known if one is not None and one.version == version]
    stack: list[tuple[Network, int]] = []
    for network in sorted(networks, key=lambda one: (int(one[0]), one.prefixlen)):
        first = int(network[0])
        while stack and int(stack[-1][0][-1]) < first:
            yield from _part(*stack.pop())
        if stack and stack[-1][1] == first:
            stack[-1] = (stack[-1][0], int(network[-1]) + 1)
        stack.append((network, first))
    while stack:
        yield from _part(*stack.pop())


def _part(network: Network, free: int) -> Iterator[tuple[str, Address]]:
    if free <= int(network[-1]):
        yield str(network), network[free - int(network[0])]


__all__ = ["Outbound", "OutboundReach", "outbound"]
