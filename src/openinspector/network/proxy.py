"""Hosts behind load balancers: client to balancer, then balancer to target (rows 55 to 59).

An Application or Classic Load Balancer ends the client's connection and opens its own. Both must get through. A
`HiddenForward` stands for targets that the snapshot does not show: it may lead to any host that the node reaches.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from openinspector.network.answer import Action, Answer, NotKnown
from openinspector.network.aws import noun
from openinspector.network.balancer import (
    Chosen,
    balancer_name,
    balancer_of,
    choices,
    classic_choices,
    is_balancer,
    leg_of,
    protocols_of,
)
from openinspector.network.packet_filter import ALL_PORTS, TCP, UDP
from openinspector.network.topology import (
    Address,
    Topology,
    instance_of,
    is_classic_balancer,
    parse_address,
    private_addresses,
    public_of,
)
from openinspector.network.trace import Flow, Start, if_forwarded, trace, trace_by_node, trace_targets
from openinspector.network.walk import Stopped, Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A port of a balancer's node that leads to a port of a target."""

    node: noun.Eni
    balancer: str
    """Name of the load balancer."""
    port: int
    protocol: int
    target: Chosen
    proxy: bool
    """True if the balancer ends the client's connection."""
    assumptions: tuple[str, ...] = ()
    then: "Forward | None" = None
    """How the Application Load Balancer that is the target of a Network Load Balancer forwards."""

    @property
    def host(self) -> Chosen:
        """Return the target at the end of the chain."""
        return self.then.target if self.then else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenForward:
    """Targets of a balancer's node that the snapshot does not show."""

    node: noun.Eni
    lack: NotKnown
    port: int | None = None
    """Port of the listener; None if the listeners are not known."""
    via: Forward | None = None
    """The Network Load Balancer's forward that has the node, an Application Load Balancer's, as its target."""

    @property
    def may_keep_client(self) -> bool:
        """Return True if the target may see the client's address: a Network Load Balancer."""
        return balancer_name(self.node).startswith("net/")


def forwards(topology: Topology) -> Iterator[Forward | HiddenForward]:
    """Yield every forward of every node of every load balancer, and what hides others."""
    found = [one for node in topology.interfaces.values() if is_balancer(node) for one in _of_node(topology, node)]
    yield from found
    for first in found:
        if isinstance(first, Forward) and not first.proxy:
            yield from _chained(topology, first, found)


def _of_node(topology: Topology, node: noun.Eni) -> Iterator[Forward | HiddenForward]:
    walk = Walk(topology=topology, exits={}, leg=leg_of(node))
    with suppress(Stopped):
        yield from _classic(walk, node) if is_classic_balancer(node) else _elastic(walk, node)
    if walk.not_known:
        yield HiddenForward(node=node, lack=walk.not_known)


def _chained(
    topology: Topology, first: Forward, found: Iterable[Forward | HiddenForward]
) -> Iterator[Forward | HiddenForward]:
    """Yield the forwards of the Application Load Balancer that is a target of a Network Load Balancer."""
    balancer = topology.by_private.get((first.node.vpc_id, first.target.address))
    if balancer is None or not is_balancer(balancer):
        return
    for then in found:
        if then.node is not balancer or then.port not in {first.target.port, None}:
            continue
        if isinstance(then, HiddenForward):
            yield replace(then, via=first)
        elif then.protocol == first.protocol:
            yield replace(first, then=then)


def _classic(walk: Walk, node: noun.Eni) -> Iterator[Forward]:
    name = balancer_name(node)
    for port, chosen in classic_choices(walk, node):
        yield Forward(
            node=node,
            balancer=name,
            port=port,
            protocol=TCP,
            target=chosen,
            proxy=True,
            assumptions=tuple(walk.assumptions),
        )


def _elastic(walk: Walk, node: noun.Eni) -> Iterator[Forward | HiddenForward]:
    name, topology = balancer_name(node), walk.topology
    balancer = balancer_of(topology, node)
    if balancer is None:
        why = topology.missing("elbv2-describe-load-balancers", node.vpc_id)
        raise walk.lack(name, why or f"the load balancer {name} is not in the snapshot")
    why = topology.missing("elbv2-describe-listeners", node.vpc_id, balancer.load_balancer_arn)
    if why:
        walk.lack(balancer.load_balancer_arn, why)
    for listener in topology.listeners.get(balancer.load_balancer_arn, ()):
        own = replace(walk, assumptions=[])
        found = choices(own, node, listener)
        if found.hidden:
            yield HiddenForward(node=node, lack=found.hidden, port=listener.port)
        for chosen, protocol in product(found.targets, protocols_of(listener)):
            yield Forward(
                node=node,
                balancer=balancer.load_balancer_name,
                port=listener.port,
                protocol=protocol,
                target=chosen,
                proxy=balancer.type == "application",
                assumptions=tuple(own.assumptions),
            )


def trace_forward(topology: Topology, start: Start, forward: Forward) -> Answer | None:
    """Answer whether a client reaches the host of a forward; None if the node has no address for that client."""
    dialled = _dialled(forward.node, start)
    if dialled is None:
        return None
    flow = Flow(start=start, destination=dialled, protocol=forward.protocol, ports=1 << forward.port)
    if forward.proxy:
        client: Answer | None = trace(topology, flow)
    else:
        every = trace_targets(topology, flow)
        reached = [one for one in every if any(hop.address == forward.target.address for hop in one.path)]
        client = next((a for a in reached if a.reachable), reached[0] if reached else None)
    last = forward.then or (forward if forward.proxy else None)
    if client is None or last is None:
        return client
    return _joined(client, _to_target(topology, last), forward)


def may_forward(topology: Topology, start: Start, hidden: HiddenForward, address: Address, ports: int) -> bool:
    """Return False if a client certainly does not reach TCP or UDP ports of an address through a hidden forward."""
    if not _node_answers(topology, start, hidden):
        return False
    nodes = [hidden.node]
    if hidden.may_keep_client:
        # Its target may be an Application Load Balancer.
        nodes += [one for one in topology.interfaces_of[hidden.node.vpc_id] if is_balancer(one)]
    own = [Start(address=a, interface=n) for n in nodes for a in map(parse_address, private_addresses(n)[:1]) if a]
    flows = [
        Flow(start=one, destination=address, protocol=protocol, ports=ports)
        for one, protocol in product(own, (TCP, UDP))
    ]
    if any(trace(topology, flow).reachable is not False for flow in flows):
        return True
    return hidden.may_keep_client and _kept_client_passes(topology, start, hidden, address, ports)


def _kept_client_passes(topology: Topology, start: Start, hidden: HiddenForward, address: Address, ports: int) -> bool:
    dialled = _dialled(hidden.node, start)
    chosen = Chosen(address=str(address), port=0, keeps_client=True)
    flows = [Flow(start=start, destination=dialled, protocol=p, ports=ports) for p in (TCP, UDP) if dialled]
    return any(trace_by_node(topology, flow, hidden.node, chosen).reachable is not False for flow in flows)


def _node_answers(topology: Topology, start: Start, hidden: HiddenForward) -> bool:
    """Return False if a client certainly does not reach the listener of a node."""
    if hidden.via is not None:
        answer = trace_forward(topology, start, hidden.via)
        return answer is not None and answer.reachable is not False
    dialled = _dialled(hidden.node, start)
    if dialled is None:
        return False
    ports = ALL_PORTS if hidden.port is None else 1 << hidden.port
    flows = (Flow(start=start, destination=dialled, protocol=protocol, ports=ports) for protocol in (TCP, UDP))
    return any(trace(topology, flow).reachable is not False for flow in flows)


def ends_at(answer: Answer, interfaces: Iterable[noun.Eni]) -> bool:
    """Return False if the path reaches another host, which has the same address in another VPC."""
    if not answer.reachable:
        return True
    names = {name for one in interfaces for name in (one.network_interface_id, instance_of(one)) if name}
    last = next((hop for hop in reversed(answer.path) if hop.action is Action.DELIVER), None)
    return last is not None and last.resource in names


def _dialled(node: noun.Eni, start: Start) -> Address | None:
    """Return the address of a node that a client dials: the public one from outside."""
    outside = start.interface is None and not start.gateway
    own = [
        (public_of(node, text) or ("" if "." in text else text)) if outside else text
        for text in private_addresses(node)
    ]
    return next((a for text in own if (a := parse_address(text)) and a.version == start.address.version), None)


def _to_target(topology: Topology, forward: Forward) -> Answer:
    target = parse_address(forward.target.address)
    source = parse_address(private_addresses(forward.node)[0])
    if target is None or source is None:
        return Answer(reachable=None)
    start = Start(address=source, interface=forward.node)
    return trace(topology, Flow(start=start, destination=target, protocol=TCP, ports=1 << forward.target.port))


def _joined(client: Answer, target: Answer, forward: Forward) -> Answer:
    """Return one answer of two connections: the first that is not through decides."""
    both = (client, target)
    first = next((leg for leg in both if leg.reachable is False), None)
    first = first or next((leg for leg in both if leg.reachable is None), target)
    last = forward.then or forward
    conditional = ("a listener rule forwards only some requests there",) if last.target.conditional else ()
    noted = (*client.assumptions, *target.assumptions, *forward.assumptions, *last.assumptions, *conditional)
    joined = replace(
        first,
        path=client.path + target.path,
        answer_path=target.answer_path + client.answer_path,
        assumptions=tuple(dict.fromkeys(text for text in noted if "ends the client" not in text)),
    )
    return if_forwarded(joined, forward.target.lack or last.target.lack)
