"""Configuration of a host: mounts, kernel modules, systemd units, packet filters (F3.12, F3.21)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from openinspector.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount(Record):
    """A mounted file system. Credentials in source and options are left out."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    path: str
    type: str
    source: str = ""
    """Device, share or name; empty if the kernel does not know it."""
    root: str = "/"
    """Folder of the file system that is mounted; not ``/`` for a bind mount or a subvolume."""
    options: tuple[str, ...] = ()
    """Options of the mount (``nodev``, ``nosuid``, ``ro``), then of the file system, without duplicates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelModule(Record):
    """A module loaded into the running kernel."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorKernelModule"

    name: str
    size: int
    used_by: tuple[str, ...] = ()
    """Modules that depend on it."""
    taints: str = ""
    """Letters of the taints it causes (``O`` out of tree, ``E`` unsigned, ``P`` proprietary)."""


class UnitState(StrEnum):
    """Start of a unit on boot, in the words of ``systemctl list-unit-files``."""

    ENABLED = "enabled"
    ENABLED_RUNTIME = "enabled-runtime"
    LINKED = "linked"
    LINKED_RUNTIME = "linked-runtime"
    ALIAS = "alias"
    MASKED = "masked"
    MASKED_RUNTIME = "masked-runtime"
    STATIC = "static"
    INDIRECT = "indirect"
    DISABLED = "disabled"
    GENERATED = "generated"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"
    """The unit's file could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdUnit(Record):
    """A unit file that systemd finds. Its content is not sent: units hold secrets in ``Environment=``."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    name: str
    state: UnitState
    folder: str
    """First folder of the search path that has it: an administrator's file hides the distribution's."""


class FirewallAuthority(StrEnum):
    """Origin of a firewall record."""

    KERNEL = "KERNEL"
    """The rule is in force."""
    FILE = "FILE"
    """The rule is in a file that is loaded on boot; it may not be in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallChain(Record):
    """A chain of the packet filter."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    authority: FirewallAuthority
    family: str
    """``ip``, ``ip6``, ``inet``, ``arp``, ``bridge``, ``netdev``."""
    table: str
    name: str
    hook: str = ""
    """``input``, ``forward`` …; empty for a chain that only other chains jump to."""
    priority: int | None = None
    policy: str = ""
    """``accept`` or ``drop``; empty if the chain has no policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule(Record):
    """A rule of a chain, in the chain's order."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    authority: FirewallAuthority
    family: str
    table: str
    chain: str
    expressions: tuple[str, ...]
    """Steps in the form of ``nft --debug=netlink``, with the arguments of xtables; of a file, the words of the line."""
    source: str = ""
    """``path:line`` of a rule in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallSet(Record):
    """A set or map whose elements rules look up."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    authority: FirewallAuthority
    family: str
    table: str
    name: str
    is_map: bool = False
    elements: tuple[str, ...] = ()
    """Keys in hexadecimal, as the kernel stores them: ``key``, or ``key - end`` of a range of concatenated keys.

    ``end`` after a key says that an interval ends before it; ``*`` matches every other key. An element of a map adds
    ``: data``, which may be a verdict.
    """
    is_complete: bool = True
    """False if the set has more elements, or if they could not be read."""
