"""Trace: one flow, both ways, hop by hop. This is the specification in code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from openinspector.network.answer import Answer, Direction, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.balancer import Chosen, choices, ends_connection, is_balancer, listening, same_host
from openinspector.network.internet import from_internet, to_egress_only, to_internet_gateway, to_nat_gateway
from openinspector.network.on_premises import from_gateway, to_vpn_gateway
from openinspector.network.packet_filter import ALL_PORTS, ICMP, ICMP6, TCP, UDP, Packet, port_mask
from openinspector.network.peering import to_peer
from openinspector.network.topology import Address, Topology, in_subnet, instance_of, parse_address, private_addresses
from openinspector.network.transit import to_transit_gateway
from openinspector.network.walk import End, Exit, Stopped, Walk

LINUX_PORTS: Final = port_mask(32768, 60999)
"""Ephemeral ports of a Linux client (row 17)."""
CLIENT_PORTS: Final = port_mask(1024, 65535)
"""Ephemeral ports of every client: the internet, peers, balancers, NAT gateways."""
_EXITS: Final[Mapping[str, Exit]] = MappingProxyType({"tgw": to_transit_gateway, "vgw": to_vpn_gateway})
_GATEWAYS: Final[Mapping[str, Exit]] = MappingProxyType(
    {"igw": to_internet_gateway, "eigw": to_egress_only, "nat": to_nat_gateway, "pcx": to_peer}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a flow starts: at an interface, behind a gateway, or on the internet if both are unset."""

    address: Address
    interface: noun.Eni | None = None
    gateway: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One question: protocol and destination ports (a mask) from a start to an address."""

    start: Start
    destination: Address
    protocol: int
    ports: int = ALL_PORTS
    forward_only: bool = False


def trace(topology: Topology, flow: Flow) -> Answer:
    """Answer one question."""
    return best(trace_targets(topology, flow))


def trace_targets(topology: Topology, flow: Flow) -> list[Answer]:
    """Answer one question once for every target that a load balancer on the path may choose; at least once."""
    there = Walk(topology=topology, exits=_EXITS, gateways=_GATEWAYS)
    packet = Packet(
        source=flow.start.address,
        destination=flow.destination,
        protocol=flow.protocol,
        ports=flow.ports,
        icmp=(128, 0) if flow.protocol == ICMP6 else (8, 0),
    )
    try:
        end = _leave(there, flow.start, packet)
    except Stopped:
        return [_answer(there, None, None)]
    if end.interface is not None and is_balancer(end.interface):
        return _through_balancer(there, flow, end, end.interface)
    return [_with_answer(there, flow, end)]


def _leave(walk: Walk, start: Start, packet: Packet) -> End:
    if start.interface is not None:
        return walk.from_interface(start.interface, packet)
    if start.gateway:
        return from_gateway(walk, start.gateway, packet)
    return from_internet(walk, packet)


def _with_answer(there: Walk, flow: Flow, end: End) -> Answer:
    if flow.forward_only:
        return _answer(there, None, end)
    back = _back(there)
    back.home = flow.start.gateway
    try:
        _send_answer(back, flow, end)
    except Stopped:
        return _answer(there, back, end)
    return _answer(there, back, end)


def _back(there: Walk) -> Walk:
    return Walk(
        topology=there.topology,
        exits=_EXITS,
        gateways=_GATEWAYS,
        direction=Direction.BACK,
        leg=there.leg,
        translations=there.translations,
    )


def _reversed(packet: Packet, start: Start) -> Packet:
    host = start.interface is not None and not is_balancer(start.interface)
    ephemeral = LINUX_PORTS if host else CLIENT_PORTS
    return Packet(
        source=packet.destination,
        destination=packet.source,
        protocol=packet.protocol,
        ports=ephemeral if packet.protocol in {TCP, UDP} else ALL_PORTS,
        icmp=(129, 0) if packet.protocol == ICMP6 else (0, 0),
    )


def _send_answer(back: Walk, flow: Flow, end: End) -> None:
    packet = _reversed(end.packet, flow.start)
    start = flow.start.interface
    match end.kind:
        case "internet":
            _check_arrival(back, flow, from_internet(back, packet))
        case "vpc-service":
            return
        case "service" | "egress-only":
            if start is not None:
                back.pass_acl(back.subnet(start), packet, egress=False)
        case "on-premises":
            _check_arrival(back, flow, from_gateway(back, end.gateway, packet))
        case _:
            inside_host = (
                start is not None
                and end.interface is not None
                and _same_instance(start, end.interface)
                and end.packet.source == flow.start.address
            )
            if end.interface is None or inside_host:
                return
            _check_arrival(back, flow, back.from_interface(end.interface, packet))


def _same_instance(one: noun.Eni, other: noun.Eni) -> bool:
    same = bool(instance_of(one)) and instance_of(one) == instance_of(other)
    return same or one.network_interface_id == other.network_interface_id


def _check_arrival(back: Walk, flow: Flow, end: End) -> None:
    """Stop unless the answer comes home from the address that was dialled (row 28)."""
    start = flow.start
    if start.interface is not None:
        home = end.interface is not None and _same_instance(start.interface, end.interface)
    elif start.gateway.startswith("pcx-"):
        home = end.gateway == start.gateway
    elif start.gateway:
        home = end.kind == "on-premises"
    else:
        home = end.kind == "internet"
    if not home:
        raise back.stop("CANNOT_ROUTE", end.gateway or back.hops[-1].resource)
    if end.packet.source != flow.destination:
        raise back.stop("IGW_NAT_REFLECTION", end.gateway or back.hops[-1].resource)


def _through_balancer(there: Walk, flow: Flow, end: End, node: noun.Eni) -> list[Answer]:
    try:
        listeners = listening(there, node, end.packet)
    except Stopped:
        return [_answer(there, None, None)]
    if ends_connection(there.topology, node):
        there.assume("the load balancer ends the client's connection itself")
        return [_with_answer(there, flow, end)]
    answers = [answer for listener in listeners for answer in _by_listener(there, flow, (node, end.packet), listener)]
    if not answers:
        there.stop("NO_POSSIBLE_DESTINATION", there.hops[-1].resource)
        return [_answer(there, None, None)]
    return answers


def _by_listener(there: Walk, flow: Flow, at_node: tuple[noun.Eni, Packet], listener: noun.Listener) -> list[Answer]:
    asked = replace(there, hops=list(there.hops))
    found = choices(asked, at_node[0], listener)
    answers = [
        if_forwarded(_to_target(asked, flow, at_node, chosen, 1 << chosen.port), chosen.lack)
        for chosen in found.targets
    ]
    if found.hidden:
        answers.append(_answer(replace(asked, not_known=found.hidden), None, None))
    if found.block and not answers:
        answers.append(_answer(replace(asked, block=found.block), None, None))
    return answers


def if_forwarded(answer: Answer, lack: NotKnown | None) -> Answer:
    """Return the answer of a flow that a balancer forwards; "not known" if it may not."""
    return replace(answer, reachable=None, not_known=lack) if lack and answer.reachable else answer


def trace_by_node(topology: Topology, flow: Flow, node: noun.Eni, chosen: Chosen) -> Answer:
    """Answer whether a flow to a load balancer's node gets through if the node passes it on to a target as it is.

    The ports of the flow are those of the target.
    """
    _, private = topology.by_public.get(str(flow.destination), (None, ""))
    client = Packet(
        source=flow.start.address,
        destination=parse_address(private) or flow.destination,
        protocol=flow.protocol,
        ports=flow.ports,
    )
    there = Walk(topology=topology, exits=_EXITS, gateways=_GATEWAYS, leg=Leg.ELB)
    return _to_target(there, flow, (node, client), chosen, flow.ports)


def _to_target(walk: Walk, flow: Flow, at_node: tuple[noun.Eni, Packet], chosen: Chosen, ports: int) -> Answer:
    """Go on from a node to a target, and back the way that the answer takes."""
    node, client = at_node
    there = replace(walk, hops=list(walk.hops), block=None, balancer=node)
    back = _back(there)
    end = None
    try:
        packet = _passed_on(there, at_node, chosen, ports)
        subnet = there.subnet(node)
        if in_subnet(subnet, packet.destination):
            there.hop(subnet.subnet_id, "subnet")
        end = there.from_subnet(subnet, packet)
        if end.interface is not None and is_balancer(end.interface):
            listening(there, end.interface, end.packet)
        if flow.forward_only or end.interface is None:
            return _answer(there, None, end)
        answer = replace(_reversed(packet, flow.start), ports=CLIENT_PORTS)
        own = back.subnet(end.interface)
        if chosen.keeps_client and own.vpc_id == subnet.vpc_id:
            if own.subnet_id != subnet.subnet_id:
                back.pass_acl(own, answer, egress=True)
                back.pass_acl(subnet, answer, egress=False)
        else:
            back.from_interface(end.interface, answer)
        last = back.from_interface(node, replace(_reversed(client, flow.start), source=client.destination))
        _check_arrival(back, flow, last)
    except Stopped:
        pass
    return _answer(there, back, end)


def _passed_on(there: Walk, at_node: tuple[noun.Eni, Packet], chosen: Chosen, ports: int) -> Packet:
    """Return the packet that a node sends to a target, with the address of the client or of the node itself."""
    node, client = at_node
    target = parse_address(chosen.address)
    source = client.source if chosen.keeps_client else parse_address(next(iter(private_addresses(node)), ""))
    if target is None or source is None:
        raise there.stop("NO_POSSIBLE_DESTINATION", chosen.address)
    if chosen.keeps_client and same_host(there.topology, str(source), chosen.address):
        raise there.stop("TARGET_ADDRESS_RESTRICTION", chosen.address)
    return replace(client, source=source, destination=target, ports=ports)


def _answer(there: Walk, back: Walk | None, end: End | None) -> Answer:
    block = there.block or (back.block if back else None)
    not_known = there.not_known or (back.not_known if back else None)
    reachable = False if block else None if not_known or end is None else True
    walked = back.assumptions if back else []
    return Answer(
        reachable=reachable,
        path=tuple(there.hops),
        answer_path=tuple(back.hops) if back else (),
        blocked_by=block,
        not_known=None if block else not_known,
        assumptions=tuple(dict.fromkeys([*there.assumptions, *walked])),
        ports=end.packet.ports if end and reachable else 0,
    )


def best(answers: list[Answer]) -> Answer:
    """Return the answer that counts among alternatives: yes before not known before no; the first of its kind."""
    for wanted in (True, None):
        for answer in answers:
            if answer.reachable is wanted:
                return answer
    return answers[0]


__all__ = [
    "CLIENT_PORTS",
    "ICMP",
    "LINUX_PORTS",
    "TCP",
    "UDP",
    "Flow",
    "Start",
    "best",
    "if_forwarded",
    "trace",
    "trace_by_node",
    "trace_targets",
]
