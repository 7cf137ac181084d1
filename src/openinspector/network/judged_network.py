"""Judged network: what outside sources reach on each instance of a snapshot. Instances share the work.

The rules package and `openinspector reach findings` both judge here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from types import MappingProxyType

from openinspector.model.finding import Severity
from openinspector.model.inventory import ListeningPort, TransportProtocol
from openinspector.network.answer import Answer, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.exposure import (
    ROUTE_OF_LEG,
    Closers,
    Cut,
    Judgement,
    Listeners,
    ReachableExposure,
    RuleType,
    SourceClass,
    closers,
)
from openinspector.network.on_premises import outside_attachments
from openinspector.network.packet_filter import TCP, UDP, Packet, passing_rules, ranges_of
from openinspector.network.proxy import Forward, HiddenForward, ends_at, forwards, may_forward, trace_forward
from openinspector.network.question import forward_sources, outside_sources
from openinspector.network.reach import Opening, Reach, Reachability
from openinspector.network.recognized_port import RECOGNIZED_PORTS, severity_of
from openinspector.network.topology import (
    Address,
    Topology,
    instance_of,
    is_balancer,
    outermost,
    parse_address,
    parse_network,
    private_addresses,
)
from openinspector.network.trace import Flow, Start, trace
from openinspector.network.unmodelled import unmodelled

Listening = Sequence[ListeningPort]
"""Listening ports of one instance."""


class JudgedNetwork:
    """The network of a snapshot, and what was judged of it so far."""

    def __init__(self, topology: Topology, digest: str = "") -> None:
        self.topology = topology
        self.digest = digest
        """SHA-256 of the snapshot; "" if it was read from a folder."""
        self._judge = _Judge(topology)
        self._judged: dict[tuple[str, Listening | None], Judgement] = {}

    @property
    def instances(self) -> tuple[str, ...]:
        """The ids of the instances that have an interface, sorted."""
        return tuple(sorted(self.topology.of_instance))

    def of_instance(self, instance: str, listening: Listening | None = None) -> Judgement:
        """Return what is reachable on an instance. ``listening`` is None if it has no agent."""
        key = (instance, None if listening is None else tuple(listening))
        found = self._judged.get(key)
        if found is None:
            found = self._judged[key] = self._judge.instance(instance, key[1])
        return found

    def whole(self, listeners: Listeners = MappingProxyType({})) -> Judgement:
        """Return what is reachable on every instance."""
        judged = [self.of_instance(instance, listeners.get(instance)) for instance in self.instances]
        return Judgement(
            exposures=tuple(exposure for one in judged for exposure in one.exposures),
            not_known=tuple(dict.fromkeys(lack for one in (*judged, self._unread()) for lack in one.not_known)),
        )

    def _unread(self) -> Judgement:
        """Return the regions whose instances cannot be judged, since their interfaces are not known."""
        lacks = (
            NotKnown(resource=f"{region} of {account}", reason=reason, exclusion=leg)
            for (account, region), reason in self.topology.unread_regions()
            for leg in (Leg.INTERNET, Leg.PEERING, Leg.VPN)
        )
        return Judgement(exposures=(), not_known=tuple(lacks))

    def after_change(self, resources: Iterable[str]) -> "JudgedNetwork":
        """Return the network after rules of some security groups or ACLs changed in its topology, named by their ids.

        Only instances whose interfaces or load balancers have one of them are judged again.
        """
        hit = frozenset(resources)
        changed = JudgedNetwork(self.topology, self.digest)
        kept = {key: found for key, found in self._judged.items() if not hit & self._judge.filters_of(key[0])}
        changed._judged.update(kept)
        return changed

    @cached_property
    def closers(self) -> Closers:
        """The ports that the removal of one rule or of two closes, on all instances, whatever listens there."""
        return closers(self.whole().exposures)


class _Judge:
    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._reach = Reach(topology)
        self._rules: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._unmodelled: dict[str, tuple[NotKnown, ...]] = {}

    @cached_property
    def _all_forwards(self) -> tuple[Forward | HiddenForward, ...]:
        return tuple(forwards(self._topology))

    @cached_property
    def _forwards(self) -> dict[str, list[tuple[Forward, noun.Eni]]]:
        """The forwards of load balancers to each instance."""
        found: dict[str, list[tuple[Forward, noun.Eni]]] = defaultdict(list)
        for forward in self._all_forwards:
            if isinstance(forward, Forward):
                address = forward.host.address
                near = self._topology.by_private.get((forward.node.vpc_id, address))
                # A target outside of the balancer's VPC goes by its address alone: the path says whose it is.
                for owner in [near] if near else self._topology.owners.get(address, ()):
                    if instance_of(owner):
                        found[instance_of(owner)].append((forward, owner))
        return found

    @cached_property
    def hidden(self) -> tuple[HiddenForward, ...]:
        """Targets of load balancers that the snapshot does not show."""
        return tuple(one for one in self._all_forwards if isinstance(one, HiddenForward))

    def may_be_behind(self, hidden: HiddenForward, interface: noun.Eni, ports: int) -> bool:
        """Return False if the internet certainly reaches no port of an interface through a hidden forward."""
        node = hidden.via.node if hidden.via else hidden.node
        addresses = [a for text in private_addresses(interface) if (a := parse_address(text))]
        return any(
            may_forward(self._topology, Start(address=source), hidden, address, ports)
            for source, address in product(forward_sources(self._topology, node, ""), addresses)
        )

    def filters_of(self, instance: str) -> frozenset[str]:
        """Return the ids of the groups and ACLs that the judgement of an instance rests on."""
        passed: list[Forward | HiddenForward] = [forward for forward, _ in self._forwards.get(instance, ())]
        nodes = [one.node for forward in [*passed, *self.hidden] for one in _chain(forward)]
        interfaces = [*self._topology.of_instance.get(instance, ()), *nodes]
        groups = (group.group_id for interface in interfaces for group in interface.groups)
        # A transit gateway enters by the ACL of another subnet.
        subnets = [subnet for one in interfaces for subnet in self._topology.subnets_of[one.vpc_id]]
        acls = (acl.network_acl_id for subnet in subnets if (acl := self._topology.acl(subnet)))
        return frozenset((*groups, *acls))

    def instance(self, instance: str, listening: Listening | None) -> Judgement:
        case = _Instance(self, instance, listening)
        own = sorted(self._topology.of_instance.get(instance, ()), key=lambda one: one.network_interface_id)
        exposures = [found for interface in own if not is_balancer(interface) for found in case.interface(interface)]
        exposures += [found for pair in self._forwards.get(instance, ()) for found in case.behind(*pair)]
        for interface, hidden in product(own, self.hidden):
            case.behind_hidden(hidden, interface)
        unique: dict[tuple[str, ...], ReachableExposure] = {}
        for exposure in exposures:
            known = unique.get(exposure.key)
            unique[exposure.key] = known.merged(exposure) if known else exposure
        return Judgement(exposures=tuple(unique.values()), not_known=tuple(dict.fromkeys(case.lacking)))

    def unmodelled(self, vpc_id: str) -> tuple[NotKnown, ...]:
        """Return the services in a VPC whose ways are not modelled."""
        if vpc_id not in self._unmodelled:
            self._unmodelled[vpc_id] = tuple(unmodelled(self._topology, vpc_id))
        return self._unmodelled[vpc_id]

    def by_transit(self, interface: noun.Eni) -> Iterator[NotKnown]:
        """Yield the transit gateways that may bring networks on premises to an interface: no finding is about them.

        The vendor's findings are about virtual private gateways (F5.46). `trace` judges the way itself.
        """
        subnet = self._topology.subnets.get(interface.subnet_id)
        table = self._topology.route_table(subnet) if subnet else None
        targets = dict.fromkeys(route.target for route in (table.routes if table else ()))
        for gateway in (target for target in targets if target.startswith("tgw-")):
            if any(self._passes_transit(interface, gateway)):
                reason = f"{gateway} brings networks on premises: `reach ask {gateway} HOST` has the answer"
                reason = self._topology.placed(reason, interface.vpc_id)
                yield NotKnown(resource=gateway, reason=reason, exclusion=Leg.VPN)

    def _passes_transit(self, interface: noun.Eni, gateway: str) -> Iterator[bool]:
        if not outside_attachments(self._topology, gateway):
            yield bool(self._topology.missing("ec2-describe-transit-gateway-attachments", interface.vpc_id))
            return
        for address in (a for text in private_addresses(interface) if (a := parse_address(text))):
            for source, protocol in product(outside_sources(self._topology, address, private=True), (TCP, UDP)):
                start = Start(address=source, gateway=gateway)
                flow = Flow(start=start, destination=address, protocol=protocol)
                yield trace(self._topology, flow).reachable is not False

    def reachable(self, interface: noun.Eni) -> Iterator[Reachability]:
        """Yield what each class of sources reaches on an interface."""
        return self._reach.of(interface)

    def path(self, found: Reachability, opening: Opening, protocol: int, port: int) -> Answer:
        """Return the path of one source to a port."""
        start = Start(address=opening.source, gateway="" if found.leg is Leg.INTERNET else found.gateway)
        flow = Flow(start=start, destination=found.dialled, protocol=protocol, ports=1 << port)
        return trace(self._topology, flow)

    def through(self, forward: Forward, interface: noun.Eni) -> Iterator[tuple[Address, Answer]]:
        """Yield the answers to sources in the internet, each with its address, that dial a load balancer."""
        for source in forward_sources(self._topology, forward.node, ""):
            answer = trace_forward(self._topology, Start(address=source), forward)
            if answer is not None and answer.reachable is not False and ends_at(answer, (interface,)):
                yield source, answer

    def clients(self, forward: Forward, interface: noun.Eni, source: Address) -> tuple[tuple[str, ...], int]:
        """Return the ranges that may dial a forward's port, and their size: all but what groups keep out."""
        openings = {
            opening.cidr: opening.size
            for found in self._reach.of(forward.node)
            if found.leg is Leg.INTERNET
            for opening in found.openings
            if _holds(opening, forward.protocol, forward.port)
        }
        if openings:
            return outermost(openings), sum(openings.values())
        # A Network Load Balancer may have no groups: those of the first receiver that sees the client judge it.
        sees = (one for one in _arrivals(forward, interface, source) if one[1].source == source and one[0].groups)
        judge = next(sees, None)
        rules = passing_rules(self._topology, *judge) if judge else ()
        permitted = [cidr for rule in rules for cidr in ranges_of(self._topology, rule)]
        ranges = permitted or [str(parse_network(f"{source}/0"))]
        return tuple(ranges), sum(network.num_addresses for text in ranges if (network := parse_network(text)))

    def cuts(self, forward: Forward, interface: noun.Eni, sources: Iterable[Address]) -> tuple[Cut, ...]:
        """Return what closes a way through load balancers: all rules that let it into one interface on the way."""
        cuts: dict[str, dict[str, None]] = {}
        for source in sources:
            for receiver, packet, balancer in _arrivals(forward, interface, source):
                rules = passing_rules(self._topology, receiver, packet, balancer)
                cuts.setdefault(receiver.network_interface_id, {}).update(dict.fromkeys(rules))
        return tuple(tuple(rules) for rules in cuts.values() if rules)

    def opening_rules(
        self, interface: noun.Eni, found: Reachability, openings: Iterable[Opening], protocol: int, port: int
    ) -> tuple[str, ...]:
        """Return the security group rules that open a port to some of the sources of ``openings``."""
        groups = tuple(sorted(group.group_id for group in interface.groups))
        key = (groups, interface.subnet_id, found.gateway, ":" in found.address, protocol, port)
        if key not in self._rules:
            names: dict[str, None] = {}
            for opening in openings:
                packet = Packet(source=opening.source, destination=found.dialled, protocol=protocol, ports=1 << port)
                names |= dict.fromkeys(passing_rules(self._topology, interface, packet))
            self._rules[key] = tuple(names)
        return self._rules[key]

    def acl(self, interface: noun.Eni) -> str:
        """Return the id of the network ACL of an interface's subnet; "" if it is not known."""
        subnet = self._topology.subnets.get(interface.subnet_id)
        acl = self._topology.acl(subnet) if subnet else None
        return acl.network_acl_id if acl else ""


class _Instance:
    """One instance under judgement."""

    def __init__(self, judge: _Judge, instance: str, listening: Listening | None) -> None:
        self._judge = judge
        self._instance = instance
        self._listening = listening
        self.lacking: list[NotKnown] = []

    def interface(self, interface: noun.Eni) -> Iterator[ReachableExposure]:
        """Yield what is reachable on an interface: its ports, then one aggregate a gateway (F5.50)."""
        self.lacking += self._judge.unmodelled(interface.vpc_id)
        self.lacking += self._judge.by_transit(interface)
        reached: dict[tuple[Leg, str], list[Reachability]] = {}
        for found in self._judge.reachable(interface):
            if found.not_known:
                self.lacking.append(found.not_known)
            yield from self._ports(interface, found)
            if found.tcp_cells or found.udp_cells:
                reached.setdefault((found.leg, found.gateway), []).append(found)
        for same in reached.values():
            yield self._aggregate(interface, same)

    def behind(self, forward: Forward, interface: noun.Eni) -> Iterator[ReachableExposure]:
        """Yield the port that the internet reaches through a forward of a load balancer (rows 55 to 59)."""
        port = forward.host.port
        listener = self._heard(forward.protocol, forward.host.address).get(port)
        if (forward.protocol, port) not in RECOGNIZED_PORTS and listener is None:
            return
        through = dict(self._judge.through(forward, interface))
        self.lacking += [one.not_known for one in through.values() if one.not_known]
        passed = {source: answer for source, answer in through.items() if answer.reachable}
        if not passed:
            return
        first, answer = next(iter(passed.items()))
        rule_type, severity, service = self._kind(forward.protocol, port, listener)
        sources, count = self._judge.clients(forward, interface, first)
        yield ReachableExposure(
            rule_type=rule_type,
            route=SourceClass.INTERNET,
            severity=severity,
            instance=self._instance,
            interface=interface,
            gateway=next((h.resource for h in answer.path if h.kind == "internet-gateway"), ""),
            acl=self._judge.acl(interface),
            protocol=forward.protocol,
            port=port,
            service=service,
            listener=listener,
            balancer=forward.balancer,
            answer=answer,
            cuts=self._judge.cuts(forward, interface, passed),
            sources=sources,
            source_count=count,
        )

    def behind_hidden(self, hidden: HiddenForward, interface: noun.Eni) -> None:
        """Note what is not known if a load balancer may forward to a port of the interface that would be a finding."""
        if hidden.lack in self.lacking:
            return
        wanted = {port for protocol in (TCP, UDP) for port in self._wanted(protocol, interface)}
        if self._judge.may_be_behind(hidden, interface, sum(1 << port for port in wanted)):
            self.lacking.append(hidden.lack)

    def _wanted(self, protocol: int, interface: noun.Eni) -> set[int]:
        """Return the ports that would be findings."""
        heard = {port for text in private_addresses(interface) for port in self._heard(protocol, text)}
        return {port for number, port in RECOGNIZED_PORTS if number == protocol} | heard

    def _ports(self, interface: noun.Eni, found: Reachability) -> Iterator[ReachableExposure]:
        for protocol, mask in ((TCP, found.tcp), (UDP, found.udp)):
            heard = self._heard(protocol, found.address)
            wanted = {port for number, port in RECOGNIZED_PORTS if number == protocol} | set(heard)
            for port in sorted(port for port in wanted if mask >> port & 1):
                yield self._port(interface, found, protocol, port, heard.get(port))

    def _port(
        self, interface: noun.Eni, found: Reachability, protocol: int, port: int, listener: ListeningPort | None
    ) -> ReachableExposure:
        rule_type, severity, service = self._kind(protocol, port, listener)
        openings = [opening for opening in found.openings if _holds(opening, protocol, port)]
        widest = max(openings, key=lambda opening: opening.size)
        rules = self._judge.opening_rules(interface, found, openings, protocol, port)
        return ReachableExposure(
            rule_type=rule_type,
            route=ROUTE_OF_LEG[found.leg],
            severity=severity,
            instance=self._instance,
            interface=interface,
            gateway=found.gateway,
            acl=self._judge.acl(interface),
            protocol=protocol,
            port=port,
            service=service,
            listener=listener,
            answer=self._judge.path(found, widest, protocol, port),
            cuts=(rules,) if rules else (),
            sources=outermost(opening.cidr for opening in openings),
            source_count=sum(opening.size for opening in openings),
        )

    def _kind(self, protocol: int, port: int, listener: ListeningPort | None) -> tuple[RuleType, Severity, str]:
        service = RECOGNIZED_PORTS.get((protocol, port), "")
        if not service:
            return RuleType.UNRECOGNIZED, Severity.LOW, ""
        agent = self._listening is not None
        severity = severity_of(service, agent=agent, listener=listener is not None)
        if not agent:
            return RuleType.NO_AGENT, severity, service
        return (RuleType.WITH_LISTENER if listener else RuleType.NO_LISTENER), severity, service

    def _heard(self, protocol: int, address: str) -> dict[int, ListeningPort]:
        """Return listeners that take packets for an address: bound to it or to all, never to the loopback."""
        transport = TransportProtocol.TCP if protocol == TCP else TransportProtocol.UDP
        everywhere = {"::", address} | ({"0.0.0.0", "*", ""} if ":" not in address else {"*", ""})  # noqa: S104 - compared
        return {
            one.port: one for one in self._listening or () if one.transport is transport and one.address in everywhere
        }

    def _aggregate(self, interface: noun.Eni, same: Sequence[Reachability]) -> ReachableExposure:
        ranges = [("TCP", *pair) for pair in _union(one.cells.ranges(one.tcp_cells) for one in same)]
        ranges += [("UDP", *pair) for pair in _union(one.cells.ranges(one.udp_cells) for one in same)]
        openings = {(opening.cidr, opening.size): opening for one in same for opening in one.openings}
        found = same[0]
        return ReachableExposure(
            rule_type=RuleType.EXPOSURE,
            route=ROUTE_OF_LEG[found.leg],
            severity=Severity.INFORMATIONAL,
            instance=self._instance,
            interface=interface,
            gateway=found.gateway,
            acl=self._judge.acl(interface),
            sources=outermost(cidr for cidr, _ in openings),
            source_count=sum(size for _, size in openings),
            ports=tuple(ranges),
        )


def _arrivals(forward: Forward, host: noun.Eni, source: Address) -> Iterator[tuple[noun.Eni, Packet, noun.Eni | None]]:
    """Yield each interface on a way through load balancers, the packet that it gets, and a node that passed it on."""
    sender: Address = source
    balancer: noun.Eni | None = None
    legs = [forward, forward.then] if forward.then else [forward]
    for leg in legs:
        yield leg.node, _packet(sender, forward.protocol, leg.port), balancer
        balancer = leg.node if leg.target.keeps_client else None
        sender = sender if balancer else parse_address(private_addresses(leg.node)[0]) or sender
    yield host, _packet(sender, forward.protocol, forward.host.port), balancer


def _packet(source: Address, protocol: int, port: int) -> Packet:
    """Return a packet for ingress rules, which do not look at its destination."""
    return Packet(source=source, destination=source, protocol=protocol, ports=1 << port)


def _chain(forward: Forward | HiddenForward) -> Iterator[Forward | HiddenForward]:
    """Yield a forward of a load balancer, and the one before or behind it."""
    yield forward
    other = forward.via if isinstance(forward, HiddenForward) else forward.then
    if other is not None:
        yield other


def _union(ranges: Iterable[Iterable[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Return the union of ranges of ports, sorted, neighbours joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(pair for one in ranges for pair in one):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _holds(opening: Opening, protocol: int, port: int) -> bool:
    return any(first <= port <= last for first, last in (opening.tcp if protocol == TCP else opening.udp))


__all__ = ["JudgedNetwork", "Listening"]
