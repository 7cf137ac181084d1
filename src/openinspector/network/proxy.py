"""Hosts behind load balancers: client to balancer, then balancer to target (rows 55 to 59).

An Application or Classic Load Balancer ends the client's connection and opens its own. Both must get through.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from openinspector.network.answer import Answer
from openinspector.network.aws import noun
from openinspector.network.balancer import (
    Chosen,
    balancer_of,
    choices,
    classic_choices,
    is_balancer,
)
from openinspector.network.packet_filter import TCP
from openinspector.network.topology import (
    Topology,
    is_classic_balancer,
    parse_address,
    private_addresses,
    public_of,
)
from openinspector.network.trace import Flow, Start, trace, trace_targets
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


def forwards(topology: Topology) -> Iterator[Forward]:
    """Yield every forward of every node of every load balancer. One that cannot be read has none."""
    for node in topology.interfaces.values():
        if not is_balancer(node):
            continue
        walk = Walk(topology=topology, exits={})
        try:
            yield from _classic(walk, node) if is_classic_balancer(node) else _elastic(walk, node)
        except Stopped:
            continue


def _classic(walk: Walk, node: noun.Eni) -> Iterator[Forward]:
    name = node.description.removeprefix("ELB ").strip()
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


def _elastic(walk: Walk, node: noun.Eni) -> Iterator[Forward]:
    balancer = balancer_of(walk.topology, node)
    if balancer is None:
        return
    for listener in walk.topology.listeners.get(balancer.load_balancer_arn, ()):
        own = replace(walk, assumptions=[])
        try:
            for chosen in choices(own, node, listener):
                yield Forward(
                    node=node,
                    balancer=balancer.load_balancer_name,
                    port=listener.port,
                    protocol=17 if listener.protocol in {"UDP", "QUIC"} else TCP,
                    target=chosen,
                    proxy=balancer.type == "application",
                    assumptions=tuple(own.assumptions),
                )
        except Stopped:
            continue


def trace_forward(topology: Topology, start: Start, forward: Forward) -> Answer | None:
    """Answer whether a client reaches the target of a forward; None if the node has no address for that client."""
    outside = start.interface is None and not start.gateway
    own = [
        (public_of(forward.node, text) or ("" if "." in text else text)) if outside else text
        for text in private_addresses(forward.node)
    ]
    dialled = next((a for text in own if (a := parse_address(text)) and a.version == start.address.version), None)
    if dialled is None:
        return None
    flow = Flow(start=start, destination=dialled, protocol=forward.protocol, ports=1 << forward.port)
    if not forward.proxy:
        every = trace_targets(topology, flow)
        reached = [one for one in every if any(hop.address == forward.target.address for hop in one.path)]
        return next((a for a in reached if a.reachable), reached[0] if reached else None)
    return _joined(trace(topology, flow), _to_target(topology, forward), forward)


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
    conditional = ("a listener rule forwards only some requests there",) if forward.target.conditional else ()
    assumptions = (*client.assumptions, *target.assumptions, *forward.assumptions, *conditional)
    return replace(
        first,
        path=client.path + target.path,
        answer_path=target.answer_path + client.answer_path,
        assumptions=tuple(dict.fromkeys(text for text in assumptions if "ends the client" not in text)),
    )
