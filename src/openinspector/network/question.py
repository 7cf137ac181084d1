"""One question as a line of JSON, put to a topology (the format of `openinspector reach check`)."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

import msgspec

from openinspector.model.errors import OpenInspectorError
from openinspector.network.answer import Answer, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.balancer import is_balancer
from openinspector.network.packet_filter import ALL_PORTS, TCP, UDP, protocol_number
from openinspector.network.proxy import Forward, HiddenForward, ends_at, forwards, may_forward, trace_forward
from openinspector.network.topology import (
    Address,
    Topology,
    parse_address,
    parse_network,
    private_addresses,
    public_of,
)
from openinspector.network.trace import Flow, Start, best, trace
from openinspector.network.unmodelled import unmodelled

_INTERNET_HOST: Final = "8.8.8.8"
_INTERNET_HOST6: Final = "2600::1"
_MOST_SOURCES: Final = 4096


class QuestionError(OpenInspectorError):
    """A line that is not a question."""


class FlowSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the flow starts; without ``address`` any address of that class."""

    internet: bool = False
    address: str = ""
    interface: str = ""
    instance: str = ""
    gateway: str = ""


class FlowDestination(msgspec.Struct, frozen=True, kw_only=True):
    """Where the flow goes."""

    address: str = ""
    interface: str = ""
    instance: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question."""

    id: str | int = ""
    protocol: str | int
    port: int | None = None
    source: FlowSource
    destination: FlowDestination
    direction: str = "both"


def parse_question(line: bytes) -> Question:
    """Parse one line; raise QuestionError naming what is wrong."""
    try:
        question = msgspec.json.decode(line, type=Question)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise QuestionError(f"not a question: {error}") from error
    if protocol_number(str(question.protocol)) is None:
        raise QuestionError(f"{question.protocol!r} is not a protocol", advice="Write tcp, udp, icmp or a number.")
    if question.port is not None and not 0 <= question.port <= 65535:  # noqa: PLR2004 - the last port
        raise QuestionError(f"{question.port} is not a port")
    return question


def ask(topology: Topology, question: Question) -> Answer:
    """Answer a question: yes if some source address and some destination address of it meet."""
    protocol = protocol_number(str(question.protocol)) or 0
    ports = ALL_PORTS if question.port is None or protocol not in {TCP, UDP} else 1 << question.port
    answers: list[Answer] = []
    destinations = _destinations(topology, question)
    if isinstance(destinations, Answer):
        return destinations
    for destination in destinations:
        starts = _starts(topology, question.source, destination)
        if isinstance(starts, Answer):
            return starts
        for start in starts:
            flow = Flow(
                start=start,
                destination=destination,
                protocol=58 if protocol == 1 and destination.version != 4 else protocol,  # noqa: PLR2004 - ICMPv6
                ports=ports,
                forward_only=question.direction == "forward",
            )
            answers.append(trace(topology, flow))
            if answers[-1].reachable:
                return answers[-1]
    if question.source.internet and not question.destination.address:
        answers += _behind_balancers(topology, question, ports)
        answers += _by_unmodelled_services(topology, question)
    return (
        best(answers)
        if answers
        else _lack(topology, str(question.id), "source and destination have no address of one version in common")
    )


def _behind_balancers(topology: Topology, question: Question, ports: int) -> list[Answer]:
    """Answer whether the internet reaches a host through a load balancer, at the port of the host (rows 55, 57)."""
    interfaces = _interfaces(topology, question.destination.interface, question.destination.instance)
    if isinstance(interfaces, Answer):
        return []
    protocol = protocol_number(str(question.protocol))
    answers: list[Answer] = []
    for forward in forwards(topology):
        if isinstance(forward, HiddenForward):
            if protocol in {TCP, UDP}:
                answers += _hidden(topology, forward, question.source.address, interfaces, ports)
        elif forward.protocol == protocol and ports >> forward.host.port & 1:
            answers += _forwarded(topology, forward, question.source.address, interfaces)
    return [answer for answer in answers if answer.reachable is not False]


def _forwarded(topology: Topology, forward: Forward, source: str, interfaces: Iterable[noun.Eni]) -> Iterator[Answer]:
    if any(forward.host.address in private_addresses(one) for one in interfaces):
        for address in forward_sources(topology, forward.node, source):
            answer = trace_forward(topology, Start(address=address), forward)
            if answer is not None and ends_at(answer, interfaces):
                yield answer


def _hidden(
    topology: Topology, hidden: HiddenForward, source: str, interfaces: Iterable[noun.Eni], ports: int
) -> Iterator[Answer]:
    """Yield one answer "not known" if a balancer's targets are hidden and the interfaces may be among them."""
    node = hidden.via.node if hidden.via else hidden.node
    addresses = [a for one in interfaces for text in private_addresses(one) if (a := parse_address(text))]
    for client, address in product(forward_sources(topology, node, source), addresses):
        if may_forward(topology, Start(address=client), hidden, address, ports):
            yield Answer(reachable=None, not_known=hidden.lack)
            return


def _by_unmodelled_services(topology: Topology, question: Question) -> list[Answer]:
    """Answer "not known" if a service that is not modelled may bring the internet to the host (row 63)."""
    interfaces = _interfaces(topology, question.destination.interface, question.destination.instance)
    vpcs = {} if isinstance(interfaces, Answer) else dict.fromkeys(one.vpc_id for one in interfaces)
    found = (lack for vpc_id in vpcs for lack in unmodelled(topology, vpc_id))
    return [Answer(reachable=None, not_known=lack) for lack in found if lack.exclusion is Leg.INTERNET][:1]


def forward_sources(topology: Topology, node: noun.Eni, address: str) -> list[Address]:
    """Return internet addresses that the rules around a balancer's node may treat differently."""
    one = parse_address(address)
    public = [text if ":" in text else public_of(node, text) for text in private_addresses(node)]
    dialled = [found for text in public if (found := parse_address(text))]
    return [one] if one else [a for found in dialled for a in outside_sources(topology, found, private=False)]


def _lack(topology: Topology, resource: str, reason: str) -> Answer:
    lacking = NotKnown(resource=resource, reason=topology.located(reason), exclusion=Leg.INTERNET)
    return Answer(reachable=None, not_known=lacking)


def _destinations(topology: Topology, question: Question) -> list[Address] | Answer:
    wanted = question.destination
    if wanted.address:
        address = parse_address(wanted.address)
        return [address] if address else _lack(topology, wanted.address, f"{wanted.address} is not an address")
    interfaces = _interfaces(topology, wanted.interface, wanted.instance)
    if isinstance(interfaces, Answer):
        return interfaces
    texts: list[str] = []
    for interface in interfaces:
        own = private_addresses(interface)
        if question.source.internet:
            texts += [public for private in own if (public := public_of(interface, private))]
        texts += own
    return [address for text in texts if (address := parse_address(text))]


def _interfaces(topology: Topology, interface_id: str, instance_id: str) -> list[noun.Eni] | Answer:
    if interface_id:
        interface = topology.interfaces.get(interface_id)
        found = [interface] if interface else []
    else:
        found = topology.of_instance.get(instance_id, [])
    if not found:
        name = interface_id or instance_id
        why = topology.missing("ec2-describe-network-interfaces")
        return _lack(topology, name, why or f"{name or 'the source'} has no interface in the snapshot")
    return found


def _starts(topology: Topology, source: FlowSource, destination: Address) -> list[Start] | Answer:
    address = parse_address(source.address)
    if source.address and address is None:
        return _lack(topology, source.address, f"{source.address} is not an address")
    if source.internet or source.gateway:
        sources = [address] if address else outside_sources(topology, destination, private=bool(source.gateway))
        return [Start(address=one, gateway=source.gateway) for one in sources if one.version == destination.version]
    if source.interface or source.instance:
        interfaces = _interfaces(topology, source.interface, source.instance)
        if isinstance(interfaces, Answer):
            return interfaces
        return [start for interface in interfaces for start in _from(interface, address, destination)]
    if address is None:
        return _lack(topology, "source", "the source of the question is not understood")
    return _at(topology, address)


def _at(topology: Topology, address: Address) -> list[Start] | Answer:
    owners = topology.owners.get(str(address), [])
    if owners:
        return [Start(address=address, interface=owner) for owner in owners]
    if not address.is_global:
        return _lack(topology, str(address), f"no interface of the snapshot owns {address}")
    return [Start(address=address)]


def _from(interface: noun.Eni, address: Address | None, destination: Address) -> list[Start]:
    if address is not None:
        return [Start(address=address, interface=interface)]
    own = [parsed for text in private_addresses(interface) if (parsed := parse_address(text))]
    return [Start(address=one, interface=interface) for one in own if one.version == destination.version][:1]


def outside_sources(topology: Topology, destination: Address, *, private: bool) -> list[Address]:
    """Return one source address for each way that the rules around an address may treat sources of a class."""
    texts = ["10.255.255.254", "192.168.255.254", "172.31.255.254"] if private else [_INTERNET_HOST, _INTERNET_HOST6]
    interface, _ = topology.by_public.get(str(destination), (None, ""))
    owners = [interface] if interface else topology.owners.get(str(destination), [])
    for owner in owners:
        near = [owner]
        if is_balancer(owner):
            near += [one for one in topology.interfaces.values() if one.vpc_id == owner.vpc_id]
        texts += [text for one in near for text in _named_ranges(topology, one)]
    found: dict[Address, None] = {}
    for text in texts:
        network = parse_network(text)
        if network is None or network.version != destination.version:
            continue
        last = network.broadcast_address
        behind = last + 1 if int(last) + 1 < 1 << network.max_prefixlen else last
        for candidate in (_outsider(topology, network[0]), _outsider(topology, behind)):
            if private or candidate.is_global:
                found.setdefault(candidate)
    return list(found)[:_MOST_SOURCES]


def _outsider(topology: Topology, address: Address) -> Address:
    """Return the first address from ``address`` on that no interface of the network has."""
    last = (1 << address.max_prefixlen) - 1
    while (topology.owners.get(str(address)) or int(address) in topology.own_public(address.version)) and (
        int(address) < last
    ):
        address += 1
    return address


def _named_ranges(topology: Topology, interface: noun.Eni) -> Iterable[str]:
    for name in interface.groups:
        group = topology.groups.get(name.group_id)
        for permission in group.ip_permissions if group else ():
            yield from (r.cidr_ip for r in permission.ip_ranges)
            yield from (r.cidr_ipv6 for r in permission.ipv6_ranges)
            for listed in permission.prefix_list_ids:
                yield from topology.prefix_lists.get(listed.prefix_list_id, ())
    subnet = topology.subnets.get(interface.subnet_id)
    acl = topology.acl(subnet) if subnet else None
    for entry in acl.entries if acl else ():
        yield entry.cidr_block or entry.ipv6_cidr_block
    table = topology.route_table(subnet) if subnet else None
    for route in table.routes if table else ():
        yield from topology.destinations(route)


def render_answer(question: Question, answer: Answer) -> dict[str, object]:
    """Return the JSON object of one answer."""
    rendered: dict[str, object] = {
        "id": question.id,
        "reachable": answer.reachable,
        "path": [_hop(msgspec.to_builtins(hop)) for hop in answer.path],
        "answer_path": [_hop(msgspec.to_builtins(hop)) for hop in answer.answer_path],
        "blocked_by": _hop(msgspec.to_builtins(answer.blocked_by)) if answer.blocked_by else None,
        "assumptions": list(answer.assumptions),
    }
    if answer.not_known:
        rendered["not_known"] = msgspec.to_builtins(answer.not_known)
    return rendered


def _hop(fields: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value != ""}


__all__ = ["Question", "QuestionError", "ask", "parse_question", "render_answer"]
