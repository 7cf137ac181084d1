"""How a host is set up: mounts, kernel modules, units of systemd, packet filters (F3.12, F3.21)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from openinspector.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount(Record):
    """A mounted file system, credentials in source and options left out."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    path: str
    type: str
    source: str = ""
    """Device, share or name; empty where the kernel knows none."""
    root: str = "/"
    """Folder of the file system that is mounted; another than ``/`` for a bind mount or a subvolume."""
    options: tuple[str, ...] = ()
    """Of the mount (``nodev``, ``nosuid``, ``ro``), then of the file system, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelModule(Record):
    """A module loaded into the running kernel."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorKernelModule"

    name: str
    size: int
    used_by: tuple[str, ...] = ()
    """Modules that need it."""
    taints: str = ""
    """Letters of the taints it brings (``O`` built outside the tree, ``E`` unsigned, ``P`` proprietary)."""


class UnitState(StrEnum):
    """Whether a unit is started on boot, as ``systemctl list-unit-files`` says it."""

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
    """A unit file that systemd finds. Not its content: units carry secrets in ``Environment=``."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    name: str
    state: UnitState
    folder: str
    """The first folder of the search path that has it: an administrator's file hides the distribution's."""


class FirewallAuthority(StrEnum):
    """Who says what a firewall record says."""

    KERNEL = "KERNEL"
    """The rule is in force."""
    FILE = "FILE"
    """The rule is in a file that is loaded on boot; whether it is in force is not known."""


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
    """``input``, ``forward`` …; empty for a chain that only others jump to."""
    priority: int | None = None
    policy: str = ""
    """``accept`` or ``drop``; empty where the chain has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule(Record):
    """A rule of a chain, in the chain's order."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    authority: FirewallAuthority
    family: str
    table: str
    chain: str
    expressions: tuple[str, ...]
    """What the kernel does one after the other, as ``nft --debug=netlink`` writes it; of a file, the line's words."""
    source: str = ""
    """``path:line`` of a file's rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallSet(Record):
    """A set or map of values that rules look up."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    authority: FirewallAuthority
    family: str
    table: str
    name: str
    elements: tuple[str, ...] = ()
    """Keys, hexadecimal as the kernel keeps them."""
