"""Exposures: what the internet, a peered VPC or a VPN reaches on the instances of a network (F5.46 to F5.57)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.finding import Severity
from openinspector.model.inventory import ListeningPort, TransportProtocol
from openinspector.network.answer import Answer, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.packet_filter import TCP, UDP, Packet, passing_rules
from openinspector.network.proxy import Forward, forwards, trace_forward
from openinspector.network.question import forward_sources
from openinspector.network.reach import Opening, Reach, Reachability
from openinspector.network.recognized_port import RECOGNIZED_PORTS, severity_of
from openinspector.network.topology import Topology, instance_of, is_balancer
from openinspector.network.trace import Flow, Start, trace

Listeners = Mapping[str, Sequence[ListeningPort]]
"""Listening ports of the instances that have an agent, by instance id."""
PROTOCOL_NAMES: Final[Mapping[int, str]] = MappingProxyType({TCP: "TCP", UDP: "UDP"})
_WIDE: Final = 1 << 16


class SourceClass(StrEnum):
    """The class of sources; the value is REACHABILITY_TYPE."""

    INTERNET = "Internet"
    PEERED_VPC = "PeeredVPC"
    VGW = "VGW"


_ROUTES: Final[Mapping[Leg, SourceClass]] = MappingProxyType(
    {Leg.INTERNET: SourceClass.INTERNET, Leg.PEERING: SourceClass.PEERED_VPC, Leg.VPN: SourceClass.VGW}
)


class RuleType(StrEnum):
    """The kind of a finding; the value is RULE_TYPE."""

    WITH_LISTENER = "RecognizedPortWithListener"
    NO_LISTENER = "RecognizedPortNoListener"
    NO_AGENT = "RecognizedPortNoAgent"
    UNRECOGNIZED = "UnrecognizedPortWithListener"
    EXPOSURE = "NetworkExposure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachableExposure:
    """One finding: a port that is reachable, or all that is reachable on an interface."""

    rule_type: RuleType
    route: SourceClass
    severity: Severity
    instance: str
    interface: noun.Eni
    gateway: str
    acl: str
    protocol: int | None = None
    port: int | None = None
    service: str = ""
    listener: ListeningPort | None = None
    balancer: str = ""
    answer: Answer | None = None
    """The path of one source."""
    rules: tuple[str, ...] = ()
    """Security group rules that open the port, each as paths name it."""
    sources: tuple[str, ...] = ()
    source_count: int = 0
    ports: tuple[tuple[str, int, int], ...] = ()
    """Protocol and port ranges of a NetworkExposure."""

    @property
    def key(self) -> tuple[str, ...]:
        """Return what identifies the finding between two judgements of one network."""
        port = "" if self.port is None else f"{PROTOCOL_NAMES.get(self.protocol or 0, '')}/{self.port}"
        ranges = "" if self.port is not None else str(self.ports)
        eni = self.interface.network_interface_id
        return (self.rule_type, self.route, self.instance, eni, self.gateway, self.balancer, port, ranges)

    @property
    def scope(self) -> str:
        """Return how many sources there are: any, wide (a /16 and more) or narrow."""
        if any(cidr in {"0.0.0.0/0", "::/0"} for cidr in self.sources):
            return "any"
        return "wide" if self.source_count >= _WIDE else "narrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Findings of a network, and legs that could not be judged."""

    exposures: tuple[ReachableExposure, ...]
    not_known: tuple[NotKnown, ...]


def judge(topology: Topology, listeners: Listeners = MappingProxyType({})) -> Judgement:
    """Judge every interface of every instance of a network."""
    judge_ = _Judge(topology, listeners)
    exposures: list[ReachableExposure] = []
    for interface in sorted(topology.interfaces.values(), key=lambda one: one.network_interface_id):
        if instance_of(interface) and not is_balancer(interface):
            exposures += judge_.interface(interface)
    exposures += judge_.balancers()
    unique = {exposure.key: exposure for exposure in exposures}
    return Judgement(exposures=tuple(unique.values()), not_known=tuple(dict.fromkeys(judge_.lacking)))


class _Judge:
    def __init__(self, topology: Topology, listeners: Listeners) -> None:
        self._topology = topology
        self._listeners = listeners
        self._reach = Reach(topology)
        self._rules: dict[tuple[object, ...], tuple[str, ...]] = {}
        self.lacking: list[NotKnown] = []

    def interface(self, interface: noun.Eni) -> Iterator[ReachableExposure]:
        for found in self._reach.of(interface):
            if found.not_known:
                self.lacking.append(found.not_known)
            yield from self._ports(interface, found)
            if found.tcp_cells or found.udp_cells:
                yield self._aggregate(interface, found)

    def _ports(self, interface: noun.Eni, found: Reachability) -> Iterator[ReachableExposure]:
        instance = instance_of(interface)
        for protocol, mask in ((TCP, found.tcp), (UDP, found.udp)):
            heard = self._heard(instance, protocol, found.address)
            wanted = {port for number, port in RECOGNIZED_PORTS if number == protocol} | set(heard)
            for port in sorted(port for port in wanted if mask >> port & 1):
                yield self._port(interface, found, protocol, port, heard.get(port))

    def _port(
        self,
        interface: noun.Eni,
        found: Reachability,
        protocol: int,
        port: int,
        listener: ListeningPort | None,
    ) -> ReachableExposure:
        instance = instance_of(interface)
        rule_type, severity, service = self._kind(instance, protocol, port, listener)
        openings = [opening for opening in found.openings if _holds(opening, protocol, port)]
        widest = max(openings, key=lambda opening: opening.size)
        return ReachableExposure(
            rule_type=rule_type,
            route=_ROUTES[found.leg],
            severity=severity,
            instance=instance,
            interface=interface,
            gateway=found.gateway,
            acl=self._acl(interface),
            protocol=protocol,
            port=port,
            service=service,
            listener=listener,
            answer=self._path(found, widest, protocol, port),
            rules=self._opening_rules(interface, found, openings, protocol, port),
            sources=tuple(opening.cidr for opening in openings),
            source_count=sum(opening.size for opening in openings),
        )

    def _kind(
        self, instance: str, protocol: int, port: int, listener: ListeningPort | None
    ) -> tuple[RuleType, Severity, str]:
        service = RECOGNIZED_PORTS.get((protocol, port), "")
        if not service:
            return RuleType.UNRECOGNIZED, Severity.LOW, ""
        agent = instance in self._listeners
        severity = severity_of(service, agent=agent, listener=listener is not None)
        if not agent:
            return RuleType.NO_AGENT, severity, service
        return (RuleType.WITH_LISTENER if listener else RuleType.NO_LISTENER), severity, service

    def _heard(self, instance: str, protocol: int, address: str) -> dict[int, ListeningPort]:
        """Return listeners that take packets for an address: bound to it or to all, never to the loopback."""
        transport = TransportProtocol.TCP if protocol == TCP else TransportProtocol.UDP
        everywhere = {"::", address} | ({"0.0.0.0", "*", ""} if ":" not in address else {"*", ""})  # noqa: S104 - compared
        return {
            one.port: one
            for one in self._listeners.get(instance, ())
            if one.transport is transport and one.address in everywhere
        }

    def _path(self, found: Reachability, opening: Opening, protocol: int, port: int) -> Answer:
        start = Start(address=opening.source, gateway="" if found.leg is Leg.INTERNET else found.gateway)
        flow = Flow(start=start, destination=found.dialled, protocol=protocol, ports=1 << port)
        return trace(self._topology, flow)

    def _opening_rules(
        self,
        interface: noun.Eni,
        found: Reachability,
        openings: list[Opening],
        protocol: int,
        port: int,
    ) -> tuple[str, ...]:
        groups = tuple(sorted(group.group_id for group in interface.groups))
        key = (groups, interface.subnet_id, found.gateway, ":" in found.address, protocol, port)
        if key not in self._rules:
            names: dict[str, None] = {}
            for opening in openings:
                packet = Packet(source=opening.source, destination=found.dialled, protocol=protocol, ports=1 << port)
                names |= dict.fromkeys(passing_rules(self._topology, interface, packet))
            self._rules[key] = tuple(names)
        return self._rules[key]

    def _aggregate(self, interface: noun.Eni, found: Reachability) -> ReachableExposure:
        ranges = [("TCP", *pair) for pair in found.cells.ranges(found.tcp_cells)]
        ranges += [("UDP", *pair) for pair in found.cells.ranges(found.udp_cells)]
        return ReachableExposure(
            rule_type=RuleType.EXPOSURE,
            route=_ROUTES[found.leg],
            severity=Severity.INFORMATIONAL,
            instance=instance_of(interface),
            interface=interface,
            gateway=found.gateway,
            acl=self._acl(interface),
            sources=tuple(opening.cidr for opening in found.openings),
            source_count=sum(opening.size for opening in found.openings),
            ports=tuple(ranges),
        )

    def _acl(self, interface: noun.Eni) -> str:
        subnet = self._topology.subnets.get(interface.subnet_id)
        acl = self._topology.acl(subnet) if subnet else None
        return acl.network_acl_id if acl else ""

    def balancers(self) -> Iterator[ReachableExposure]:
        """Yield ports that the internet reaches through a load balancer (rows 55 to 59)."""
        for forward in forwards(self._topology):
            owners = self._topology.by_private.get((forward.node.vpc_id, forward.target.address))
            if owners is not None and instance_of(owners):
                yield from self._behind(forward, owners)

    def _behind(self, forward: Forward, interface: noun.Eni) -> Iterator[ReachableExposure]:
        instance, port = instance_of(interface), forward.target.port
        listener = self._heard(instance, forward.protocol, forward.target.address).get(port)
        if (forward.protocol, port) not in RECOGNIZED_PORTS and listener is None:
            return
        for source in forward_sources(self._topology, forward.node, ""):
            answer = trace_forward(self._topology, Start(address=source), forward)
            if answer is None or answer.reachable is False:
                continue
            if answer.reachable is None and answer.not_known:
                self.lacking.append(answer.not_known)
                continue
            rule_type, severity, service = self._kind(instance, forward.protocol, port, listener)
            names = [hop.rule for hop in answer.path if hop.kind == "security-group" and hop.rule]
            yield ReachableExposure(
                rule_type=rule_type,
                route=SourceClass.INTERNET,
                severity=severity,
                instance=instance,
                interface=interface,
                gateway=next((h.resource for h in answer.path if h.kind == "internet-gateway"), ""),
                acl=self._acl(interface),
                protocol=forward.protocol,
                port=port,
                service=service,
                listener=listener,
                balancer=forward.balancer,
                answer=answer,
                rules=tuple(dict.fromkeys(name for name in names if "/ingress/" in name)),
                sources=(str(source),),
                source_count=1,
            )
            return


def _holds(opening: Opening, protocol: int, port: int) -> bool:
    return any(first <= port <= last for first, last in (opening.tcp if protocol == TCP else opening.udp))


__all__ = ["Judgement", "Listeners", "ReachableExposure", "RuleType", "SourceClass", "judge"]
