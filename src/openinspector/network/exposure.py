"""Exposures: what the internet, a peered VPC or a VPN reaches on the instances of a network (F5.46 to F5.57)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.finding import Severity
from openinspector.model.inventory import ListeningPort
from openinspector.network.answer import Answer, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.packet_filter import TCP, UDP

Listeners = Mapping[str, Sequence[ListeningPort]]
"""Listening ports of the instances that have an agent, by instance id."""
PROTOCOL_NAMES: Final[Mapping[int, str]] = MappingProxyType({TCP: "TCP", UDP: "UDP"})
_WIDE: Final = 1 << 16


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
    def opening(self) -> tuple[str, ...]:
        """Return what identifies the open port or interface, whatever listens there."""
        return self.key[1:]

    @property
    def closers(self) -> tuple[str, ...]:
        """Return the security group rules that close the finding if one of them is removed.

        A rule closes a finding alone if no other opens the port to any of its sources. Behind a proxy, each rule on
        the path does.
        """
        return self.rules if self.balancer or len(self.rules) == 1 else ()

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


def closers(exposures: Iterable[ReachableExposure]) -> Mapping[str, tuple[ReachableExposure, ...]]:
    """Return the port findings that the removal of each security group rule closes by itself."""
    closed: dict[str, list[ReachableExposure]] = defaultdict(list)
    for exposure in exposures:
        for rule in exposure.closers:
            closed[rule].append(exposure)
    return {rule: tuple(found) for rule, found in closed.items()}


__all__ = ["Judgement", "Listeners", "ReachableExposure", "RuleType", "SourceClass", "closers"]
