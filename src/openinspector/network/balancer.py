"""Load balancers: listeners, target groups, health, zones, and whose address the target sees (rows 50 to 59)."""

from collections.abc import Iterator
from dataclasses import dataclass

from openinspector.network.answer import Action, Leg
from openinspector.network.aws import noun
from openinspector.network.packet_filter import TCP, UDP, Packet
from openinspector.network.topology import Topology, instance_of, is_balancer, private_addresses
from openinspector.network.walk import Walk

_UDP_KEPT = frozenset({"UDP", "TCP_UDP", "QUIC", "TCP_QUIC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One target that a node of a load balancer may forward a flow to."""

    address: str
    port: int
    keeps_client: bool = False
    conditional: bool = False
    """True if only some requests go there: host, path, source address or header decide (row 59)."""


def balancer_of(topology: Topology, interface: noun.Eni) -> noun.LoadBalancer | None:
    """Return the Application or Network Load Balancer that owns an interface."""
    tail = "loadbalancer/" + interface.description.removeprefix("ELB ").strip()
    return next((b for b in topology.balancers.values() if b.load_balancer_arn.endswith(tail)), None)


def listening(walk: Walk, interface: noun.Eni, packet: Packet) -> tuple[noun.Listener, ...]:
    """Return the listeners that take the packet; none for a Classic Load Balancer, which ends the connection itself."""
    name = interface.description.removeprefix("ELB ").strip()
    balancer = balancer_of(walk.topology, interface)
    walk.leg = Leg.ALB if name.startswith("app/") else Leg.ELB
    walk.hop(balancer.load_balancer_name if balancer else name, "load-balancer", Action.TRANSLATE)
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
    udp = listener.protocol in _UDP_KEPT
    tcp = listener.protocol not in {"UDP", "QUIC"}
    fits = (packet.protocol == TCP and tcp) or (packet.protocol == UDP and udp)
    return fits and bool(packet.ports >> listener.port & 1)


def ends_connection(topology: Topology, interface: noun.Eni) -> bool:
    """Return True for a proxy: the client's connection ends at the balancer itself (row 57)."""
    balancer = balancer_of(topology, interface)
    return balancer is None or balancer.type == "application"


def choices(walk: Walk, interface: noun.Eni, listener: noun.Listener) -> Iterator[Chosen]:
    """Yield the targets that the balancer's node of this zone may forward to."""
    topology = walk.topology
    balancer = balancer_of(topology, interface)
    if balancer is None:
        return
    forwards = list(_forwards(walk, interface, balancer, listener))
    if not forwards:
        raise walk.stop("ELBV2_LISTENER_HAS_NO_TG", listener.listener_arn)
    zones = {zone.zone_name for zone in balancer.availability_zones}
    for arn, conditional in forwards:
        group = topology.target_groups.get(arn)
        why = topology.missing("elbv2-describe-target-health", interface.vpc_id, arn)
        if group is None or why:
            raise walk.lack(arn, why or f"the target group {arn} is not in the snapshot")
        if group.target_type == "alb":
            raise walk.lack(arn, f"the targets of {arn} are an Application Load Balancer: that is not modelled")
        keeps = balancer.type == "network" and _keeps_client(walk, group, listener)
        for target in _eligible(walk, balancer, group, zones, interface.availability_zone):
            address = _address(topology, target.target)
            if address:
                port = target.target.port or group.port
                yield Chosen(address=address, port=port, keeps_client=keeps, conditional=conditional)


def _forwards(
    walk: Walk, interface: noun.Eni, balancer: noun.LoadBalancer, listener: noun.Listener
) -> Iterator[tuple[str, bool]]:
    """Yield target groups; True for one that only a listener rule chooses. Redirects and fixed responses have none."""
    for action in listener.default_actions:
        yield from ((arn, False) for arn in _groups(action))
    if balancer.type != "application":
        return
    why = walk.topology.missing("elbv2-describe-rules", interface.vpc_id, listener.listener_arn)
    if why:
        walk.assume(f"only the default action of {listener.listener_arn} counts: {why}")
    for rule in walk.topology.listener_rules.get(listener.listener_arn, ()):
        if not rule.is_default:
            yield from ((arn, True) for action in rule.actions for arn in _groups(action))


def _groups(action: noun.ListenerAction) -> list[str]:
    if action.forward_config and action.forward_config.target_groups:
        return [group.target_group_arn for group in action.forward_config.target_groups]
    return [action.target_group_arn] if action.target_group_arn else []


def classic_choices(walk: Walk, interface: noun.Eni) -> Iterator[tuple[int, Chosen]]:
    """Yield listener port and target of a Classic Load Balancer: every instance of the balancer."""
    name = interface.description.removeprefix("ELB ").strip()
    balancer = walk.topology.classic_balancers.get(name)
    if balancer is None:
        why = walk.topology.missing("elb-describe-load-balancers", interface.vpc_id)
        raise walk.lack(name, why or f"the load balancer {name} is not in the snapshot")
    walk.assume(f"{name} balances across zones and every instance of it is in service")
    for description in balancer.listener_descriptions:
        for instance in balancer.instances:
            address = _address(walk.topology, noun.BalancerTarget(id=instance.instance_id))
            if address:
                chosen = Chosen(address=address, port=description.listener.instance_port)
                yield description.listener.load_balancer_port, chosen


def _keeps_client(walk: Walk, group: noun.TargetGroup, listener: noun.Listener) -> bool:
    if listener.protocol in _UDP_KEPT or group.protocol in _UDP_KEPT:
        return True
    for attribute in walk.topology.target_group_attributes.get(group.target_group_arn, ()):
        if attribute.key == "preserve_client_ip.enabled":
            return attribute.value == "true"
    walk.assume("client address by target type: target group attributes were not collected")
    return group.target_type == "instance"


def _eligible(
    walk: Walk, balancer: noun.LoadBalancer, group: noun.TargetGroup, zones: set[str], zone: str
) -> list[noun.TargetHealth]:
    topology = walk.topology
    registered = topology.targets.get(group.target_group_arn, ())
    every = [target for target in registered if _zone(topology, target.target) in {*zones, "all", ""}]
    if registered and not every:
        raise walk.stop("ELB_INSTALLED_AZ_RESTRICTION", balancer.load_balancer_arn)
    healthy = [target for target in every if target.target_health.state == "healthy"]
    served = healthy or every
    if _cross_zone(walk, balancer, group):
        return served
    near = [target for target in served if _zone(topology, target.target) in {zone, "all", ""}]
    if served and not near:
        raise walk.stop("ELB_NOT_CROSSZONE", balancer.load_balancer_arn)
    return near


def _cross_zone(walk: Walk, balancer: noun.LoadBalancer, group: noun.TargetGroup) -> bool:
    own = {a.key: a.value for a in walk.topology.target_group_attributes.get(group.target_group_arn, ())}
    setting = own.get("load_balancing.cross_zone.enabled", "use_load_balancer_configuration")
    if setting in {"true", "false"}:
        return setting == "true"
    known = {a.key: a.value for a in walk.topology.balancer_attributes.get(balancer.load_balancer_arn, ())}
    if not known:
        walk.assume("cross-zone balancing is on: load balancer attributes were not collected")
        return True
    return known.get("load_balancing.cross_zone.enabled") == "true"


def _address(topology: Topology, target: noun.BalancerTarget) -> str:
    if target.id.startswith("i-"):
        interfaces = topology.of_instance.get(target.id, [])
        return private_addresses(interfaces[0])[0] if interfaces and private_addresses(interfaces[0]) else ""
    return target.id


def _zone(topology: Topology, target: noun.BalancerTarget) -> str:
    if target.availability_zone:
        return target.availability_zone
    address = _address(topology, target)
    owners = topology.owners.get(address, [])
    return owners[0].availability_zone if owners else ""


def same_host(topology: Topology, one: str, other: str) -> bool:
    """Return True if both addresses belong to one instance."""
    ids = [{instance_of(i) for i in topology.owners.get(address, ())} - {""} for address in (one, other)]
    return one == other or bool(ids[0] & ids[1])


__all__ = [
    "Chosen",
    "balancer_of",
    "choices",
    "classic_choices",
    "ends_connection",
    "is_balancer",
    "listening",
    "same_host",
]
