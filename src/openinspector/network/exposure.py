"""Exposures: what the internet, a peered VPC or a VPN reaches on the instances of a network (F5.46 to F5.57)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Final

from openinspector.model.finding import Severity
from openinspector.model.ground import Ground, Part
from openinspector.model.inventory import ListeningPort
from openinspector.network.answer import Answer, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.packet_filter import TCP, UDP

Listeners = Mapping[str, Sequence[ListeningPort]]
"""Listening ports of the instances that have an agent, by instance id."""
PROTOCOL_NAMES: Final[Mapping[int, str]] = MappingProxyType({TCP: "TCP", UDP: "UDP"})
Cut = tuple[str, ...]
"""Security group rules that are removed together."""
_WIDE: Final = 1 << 16
_MOST_CLOSERS: Final = 2
"""Most rules that a recommendation names. With more, the network ACL is the place to close a port."""


class SourceClass(StrEnum):
    """The class of sources; the value is REACHABILITY_TYPE."""

    INTERNET = "Internet"
    PEERED_VPC = "PeeredVPC"
    VGW = "VGW"


ROUTE_OF_LEG: Final[Mapping[Leg, SourceClass]] = MappingProxyType(
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
    cuts: tuple[Cut, ...] = ()
    """Sets of security group rules: the removal of all rules of one set closes the finding."""
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
    def opening(self) -> tuple[str, ...]:
        """Return what identifies the open port or interface, whatever listens there."""
        return self.key[1:]

    @property
    def issue(self) -> str:
        """Return the stable name that waivers give the issue: ``reachable/Internet/TCP/22``."""
        return f"reachable/{self.route}/{self.opening[-2] or 'any'}"

    @property
    def subject(self) -> str:
        """Return what the issue is about on its instance, as waivers match it."""
        return "/".join(self.opening[2:])

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """Return the sources, and the ports of an aggregate: an acceptance ends when one of these sets grows."""
        sources = [Ground(part=Part.EXPOSURE, key="source", value=cidr) for cidr in self.sources]
        ports = [Ground(part=Part.EXPOSURE, key="ports", value=f"{name} {a}-{b}") for name, a, b in self.ports]
        return (*sources, *ports)

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the security group rules that open the port, each as paths name it."""
        return tuple(dict.fromkeys(rule for cut in self.cuts for rule in cut))

    @property
    def closers(self) -> tuple[Cut, ...]:
        """Return the smallest sets of rules whose removal closes the finding: of one rule, else of two, else none."""
        least = min((len(cut) for cut in self.cuts), default=0)
        return tuple(cut for cut in self.cuts if len(cut) == least) if least <= _MOST_CLOSERS else ()

    def merged(self, other: "ReachableExposure") -> "ReachableExposure":
        """Return one finding for two ways to one port, such as by IPv4 and by IPv6: both must be closed."""
        both = {tuple(sorted({*one, *two})) for one, two in product(self.cuts, other.cuts)}
        sources = tuple(dict.fromkeys((*self.sources, *other.sources)))
        more = 0 if sources == self.sources else other.source_count
        return replace(self, cuts=tuple(sorted(both)), sources=sources, source_count=self.source_count + more)

    @property
    def scope(self) -> str:
        """Return how many sources there are: any, wide (a /16 and more) or narrow."""
        if any(cidr in {"0.0.0.0/0", "::/0"} for cidr in self.sources):
            return "any"
        return "wide" if self.source_count >= _WIDE else "narrow"


Closers = Mapping[Cut, tuple[ReachableExposure, ...]]
"""The port findings that the removal of one rule, or of two together, closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Findings of a network, and legs that could not be judged."""

    exposures: tuple[ReachableExposure, ...]
    not_known: tuple[NotKnown, ...]


def closers(exposures: Iterable[ReachableExposure]) -> Closers:
    """Return the port findings that the removal of a security group rule, or of two together, closes."""
    closed: dict[Cut, list[ReachableExposure]] = defaultdict(list)
    for exposure in exposures:
        for cut in exposure.closers:
            closed[cut].append(exposure)
    return {cut: tuple(found) for cut, found in closed.items()}


def closed_by(cut: Cut, closing: Closers) -> tuple[ReachableExposure, ...]:
    """Return all that the removal of the rules of ``cut`` closes, one of them alone or all together."""
    parts = [(rule,) for rule in cut] if len(cut) > 1 else []
    found = {one.key: one for part in (*parts, cut) for one in closing.get(part, ())}
    return tuple(found.values())


__all__ = [
    "Closers",
    "Cut",
    "Judgement",
    "Listeners",
    "ReachableExposure",
    "RuleType",
    "SourceClass",
    "closed_by",
    "closers",
]
