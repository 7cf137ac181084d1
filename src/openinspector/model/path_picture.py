"""Path picture: the way of a packet from its source to a process, as data. It is drawn where a finding is read."""

import msgspec


class PathBox(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One station of the path."""

    kind: str
    """Kind of the resource, as hops name it: ``internet-gateway``, ``network-acl``."""
    name: str
    note: str = ""
    """Rule or address."""
    is_to_change: bool = False
    """True for the rule whose removal closes the path."""


class PathPicture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A path and its answer."""

    title: str
    boxes: tuple[PathBox, ...]
    answer: tuple[str, ...]
    """The resources that the answer passes, in order."""
    advice: str
    """A sentence: the port, and the rule to change."""
