"""Answer: yes, no or not known, with every hop walked and the first filter that stops the flow.

Codes are those of the vendor's path analyser (vpc/latest/reachability/explanation-codes.html).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Action(StrEnum):
    """The action of a hop on the packet."""

    FORWARD = "forward"
    ALLOW = "allow"
    TRANSLATE = "translate"
    DELIVER = "deliver"


class Direction(StrEnum):
    """The way of the first packet or of its answer."""

    THERE = "there"
    BACK = "back"


class Leg(IntEnum):
    """Kind of leg; the value is the type of the exclusion that a missing fact becomes."""

    INTERNET = 10
    ALB = 11
    ELB = 12
    VPN = 13
    DIRECT_CONNECT = 14
    PEERING = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One resource that a packet passes."""

    resource: str
    kind: str
    action: Action = Action.FORWARD
    rule: str = ""
    route: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The first filter that stops a flow."""

    code: str
    resource: str
    direction: Direction
    rule: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """A fact that a path needs and the snapshot lacks."""

    resource: str
    reason: str
    """Names the region and what was not collected."""
    exclusion: Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question. ``ports`` is a bit mask of the destination ports that get through."""

    reachable: bool | None
    path: tuple[Hop, ...] = ()
    answer_path: tuple[Hop, ...] = ()
    blocked_by: Block | None = None
    not_known: NotKnown | None = None
    assumptions: tuple[str, ...] = ()
    ports: int = 0
