"""Load balancers: listeners, target groups, health, zones, and whose address the target sees (rows 50 to 59)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from openinspector.network.answer import Action, Block, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.packet_filter import TCP, UDP, Packet
from openinspector.network.topology import Topology, instance_of, is_balancer, private_addresses
from openinspector.network.walk import Stopped, Walk

_UDP_KEPT = frozenset({"UDP", "TCP_UDP", "QUIC", "TCP_QUIC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One target that a node of a load balancer may forward a flow to."""

    address: str
    port: int
    keeps_client: bool = False
    conditional: bool = False
    """True if only some requests go there: host, path, source address or header decide (row 59)."""
    lack: NotKnown | None = None
    """Why it is not known whether the node forwards there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Targets of a listener."""

    targets: tuple[Chosen, ...] = ()
    hidden: NotKnown | None = None
    """Why there may be targets that the snapshot does not show."""
    block: Block | None = None
    """Why no target is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _GroupForward:
    group: str
    """A target group; "" for one that the snapshot does not name."""
    conditional: bool = False
    """True if only a listener rule chooses it."""
    lack: NotKnown | None = None
    """Why it is not known whether the listener forwards to it."""


def balancer_of(topology: Topology, interface: noun.Eni) -> noun.LoadBalancer | None:
    """Return the Application or Network Load Balancer that owns an interface."""
    tail = balancer_tail(interface)
    return next((b for b in topology.balancers.values() if b.load_balancer_arn.endswith(tail)), None)


def balancer_name(interface: noun.Eni) -> str:
    """Return what a load balancer's interface calls its balancer: `app/<name>/<id>`, or a Classic one's name."""
    return interface.description.removeprefix("ELB ").strip()


def leg_of(interface: noun.Eni) -> Leg:
    """Return the leg that a load balancer's interface belongs to."""
    return Leg.ALB if balancer_name(interface).startswith("app/") else Leg.ELB


def balancer_tail(interface: noun.Eni) -> str:
    """Return the end of the ARN of the balancer that owns an interface."""
    return "loadbalancer/" + balancer_name(interface)


def listening(walk: Walk, interface: noun.Eni, packet: Packet) -> tuple[noun.Listener, ...]:
    """Return the listeners that take the packet; none for a Classic Load Balancer, which ends the connection itself."""
    name = balancer_name(interface)
    balancer = balancer_of(walk.topology, interface)
    walk.leg = leg_of(interface)
    shown = balancer.load_balancer_name if balancer else name
    walk.hop(shown, "load-balancer", Action.TRANSLATE, address=str(packet.destination))
    if balancer is None:
        classic = walk.topology.classic_balancers.get(name)
        if classic is None:
            operation = "elbv2-describe-load-balancers" if "/" in name else "elb-describe-load-balancers"
            why = walk.topology.missing(operation, interface.vpc_id)
            raise walk.lack(name, why or f"the load balancer {name} is not in the snapshot")
        ports = [d.listener.load_balancer_port for d in classic.listener_descriptions]
        if packet.protocol != TCP or not any(packet.ports >> port & 1 for port in ports):
            raise walk.stop("ELB_LISTENERS_MISMATCH", name)
        return ()
    arn = balancer.load_balancer_arn
    why = walk.topology.missing("elbv2-describe-listeners", interface.vpc_id, arn)
    if why:
        raise walk.lack(arn, why)
    found = tuple(listener for listener in walk.topology.listeners.get(arn, ()) if _takes(listener, packet))
    if not found:
        raise walk.stop("ELB_LISTENERS_MISMATCH", arn)
    return found


def _takes(listener: noun.Listener, packet: Packet) -> bool:
    return packet.protocol in protocols_of(listener) and bool(packet.ports >> listener.port & 1)


def protocols_of(listener: noun.Listener) -> tuple[int, ...]:
    """Return the protocols that a listener takes: TCP, UDP or both."""
    if listener.protocol not in _UDP_KEPT:
        return (TCP,)
    return (TCP, UDP) if listener.protocol.startswith("TCP") else (UDP,)


def ends_connection(topology: Topology, interface: noun.Eni) -> bool:
    """Return True for a proxy: the client's connection ends at the balancer itself (row 57)."""
    balancer = balancer_of(topology, interface)
    return balancer is None or balancer.type == "application"


def choices(walk: Walk, interface: noun.Eni, listener: noun.Listener) -> Choices:
    """Return the targets that the balancer's node of this zone may forward to, and what hides others."""
    topology = walk.topology
    balancer = balancer_of(topology, interface)
    if balancer is None:
        return Choices()
    forwards = list(_forwards(walk, interface, balancer, listener))
    if not forwards:
        walk.stop("ELBV2_LISTENER_HAS_NO_TG", listener.listener_arn)
        return Choices(block=walk.block)
    targets: list[Chosen] = []
    hidden: NotKnown | None = None
    block: Block | None = None
    for forward in forwards:
        own = replace(walk, block=None, not_known=None)
        try:
            targets += _of_group(own, interface, balancer, listener, forward)
        except Stopped:
            block = block or own.block
        hidden = hidden or (own.not_known and (forward.lack or own.not_known))
    return Choices(targets=tuple(targets), hidden=hidden, block=block)


def _of_group(
    walk: Walk, node: noun.Eni, balancer: noun.LoadBalancer, listener: noun.Listener, forward: _GroupForward
) -> Iterator[Chosen]:
    """Yield the targets of one group; raise Stopped before the first if there are none or they are not known."""
    topology, arn = walk.topology, forward.group
    group = topology.target_groups.get(arn)
    if group is None:
        why = topology.missing("elbv2-describe-target-groups", node.vpc_id)
        raise walk.lack(arn, why or f"the target group {arn} is not in the snapshot")
    why = topology.missing("elbv2-describe-target-health", node.vpc_id, arn)
    if why:
        raise walk.lack(arn, why)
    keeps = balancer.type == "network" and _keeps_client(walk, group, listener)
    for target, lack in _eligible(walk, node, balancer, group):
        for address in _known_addresses(walk, node, target.target):
            yield Chosen(
                address=address,
                port=target.target.port or group.port,
                keeps_client=keeps,
                conditional=forward.conditional,
                lack=forward.lack or lack,
            )


def _forwards(
    walk: Walk, interface: noun.Eni, balancer: noun.LoadBalancer, listener: noun.Listener
) -> Iterator[_GroupForward]:
    """Yield the target groups of a listener. Redirects and fixed responses have none (row 59)."""
    default = [arn for action in listener.default_actions for arn in _groups(action)]
    yield from (_GroupForward(group=arn) for arn in default)
    if balancer.type != "application":
        return
    why = walk.topology.missing("elbv2-describe-rules", interface.vpc_id, listener.listener_arn)
    if not why:
        for rule in walk.topology.listener_rules.get(listener.listener_arn, ()):
            if not rule.is_default:
                groups = (arn for action in rule.actions for arn in _groups(action))
                yield from (_GroupForward(group=arn, conditional=True) for arn in groups)
        return
    lack = walk.lacking(listener.listener_arn, why)
    for group in walk.topology.target_groups.values():
        arns = group.load_balancer_arns
        if group.target_group_arn not in default and (arns is None or balancer.load_balancer_arn in arns):
            yield _GroupForward(group=group.target_group_arn, conditional=True, lack=lack)
    if walk.topology.missing("elbv2-describe-target-groups", interface.vpc_id):
        yield _GroupForward(group="", conditional=True, lack=lack)


def _groups(action: noun.ListenerAction) -> list[str]:
    if action.forward_config and action.forward_config.target_groups:
        return [group.target_group_arn for group in action.forward_config.target_groups]
    return [action.target_group_arn] if action.target_group_arn else []


def classic_choices(walk: Walk, interface: noun.Eni) -> Iterator[tuple[int, Chosen]]:
    """Yield listener port and target of a Classic Load Balancer: every instance of the balancer."""
    name = balancer_name(interface)
    balancer = walk.topology.classic_balancers.get(name)
    if balancer is None:
        why = walk.topology.missing("elb-describe-load-balancers", interface.vpc_id)
        raise walk.lack(name, why or f"the load balancer {name} is not in the snapshot")
    walk.assume(f"{name} balances across zones and every instance of it is in service")
    for description in balancer.listener_descriptions:
        for instance in balancer.instances:
            for address in _known_addresses(walk, interface, noun.BalancerTarget(id=instance.instance_id)):
                chosen = Chosen(address=address, port=description.listener.instance_port)
                yield description.listener.load_balancer_port, chosen


def _keeps_client(walk: Walk, group: noun.TargetGroup, listener: noun.Listener) -> bool:
    if listener.protocol in _UDP_KEPT or group.protocol in _UDP_KEPT:
        return True
    for attribute in walk.topology.target_group_attributes.get(group.target_group_arn, ()):
        if attribute.key == "preserve_client_ip.enabled":
            return attribute.value == "true"
    walk.assume("client address by target type: target group attributes were not collected")
    return group.target_type in {"instance", "alb"}


def _eligible(
    walk: Walk, node: noun.Eni, balancer: noun.LoadBalancer, group: noun.TargetGroup
) -> Iterator[tuple[noun.TargetHealth, NotKnown | None]]:
    """Yield the targets in enabled zones that are served; with a lack if another zone's may not be (rows 52, 53)."""
    topology = walk.topology
    zones = {zone.zone_name for zone in balancer.availability_zones}
    registered = topology.targets.get(group.target_group_arn, ())
    every = [target for target in registered if _zone(topology, target.target) in {*zones, "all", ""}]
    if registered and not every:
        raise walk.stop("ELB_INSTALLED_AZ_RESTRICTION", balancer.load_balancer_arn)
    served = [target for target in every if target.target_health.state == "healthy"] or every
    near = [target for target in served if _zone(topology, target.target) in {node.availability_zone, "all", ""}]
    crosses = _cross_zone(walk, node, balancer, group) if len(near) < len(served) else True
    if crosses is False and not near:
        raise walk.stop("ELB_NOT_CROSSZONE", balancer.load_balancer_arn)
    for target in served:
        if target in near or crosses is True:
            yield target, None
        elif crosses:
            yield target, crosses


def _cross_zone(walk: Walk, node: noun.Eni, balancer: noun.LoadBalancer, group: noun.TargetGroup) -> bool | NotKnown:
    own = {a.key: a.value for a in walk.topology.target_group_attributes.get(group.target_group_arn, ())}
    if not own:
        walk.assume("balancing across zones is as the load balancer has it: target group attributes were not collected")
    setting = own.get("load_balancing.cross_zone.enabled", "use_load_balancer_configuration")
    if setting in {"true", "false"}:
        return setting == "true"
    if balancer.type == "application":
        # It always balances across zones: elasticloadbalancing/latest/application/edit-target-group-attributes.html
        return True
    arn = balancer.load_balancer_arn
    why = walk.topology.missing("elbv2-describe-load-balancer-attributes", node.vpc_id, arn)
    known = {a.key: a.value for a in walk.topology.balancer_attributes.get(arn, ())}
    return walk.lacking(arn, why) if why else known.get("load_balancing.cross_zone.enabled") == "true"


def _addresses(topology: Topology, target: noun.BalancerTarget) -> list[str]:
    """Return the addresses of a target: an IP address, an instance's primary one, or those of a balancer's nodes."""
    if target.id.startswith("i-"):
        interfaces = sorted(topology.of_instance.get(target.id, ()), key=_device_index)
        return private_addresses(interfaces[0])[:1] if interfaces else []
    if target.id.startswith("arn:"):
        nodes = [i for i in topology.interfaces.values() if is_balancer(i) and target.id.endswith(balancer_tail(i))]
        return [text for node in nodes for text in private_addresses(node)[:1]]
    return [target.id]


def _known_addresses(walk: Walk, node: noun.Eni, target: noun.BalancerTarget) -> list[str]:
    """Return the addresses of a target; note a lack if the snapshot may not show its interface."""
    addresses = _addresses(walk.topology, target)
    why = "" if addresses else walk.topology.missing("ec2-describe-network-interfaces", node.vpc_id)
    if why:
        walk.lack(target.id, why)
    return addresses


def _device_index(interface: noun.Eni) -> int:
    return interface.attachment.device_index if interface.attachment else 0


def _zone(topology: Topology, target: noun.BalancerTarget) -> str:
    if target.availability_zone or target.id.startswith("arn:"):
        return target.availability_zone
    owners = [owner for address in _addresses(topology, target) for owner in topology.owners.get(address, ())]
    return owners[0].availability_zone if owners else ""


def same_host(topology: Topology, one: str, other: str) -> bool:
    """Return True if both addresses belong to one instance."""
    ids = [{instance_of(i) for i in topology.owners.get(address, ())} - {""} for address in (one, other)]
    return one == other or bool(ids[0] & ids[1])


__all__ = [
    "Choices",
    "Chosen",
    "balancer_name",
    "balancer_of",
    "choices",
    "classic_choices",
    "ends_connection",
    "is_balancer",
    "leg_of",
    "listening",
    "protocols_of",
    "same_host",
]
