"""The assessed host as findings describe it (F6.3 to F6.5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A key and an optional value, from EC2 or given at enrolment."""

    key: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetInterface:
    """A network interface of the host, as the host itself knows it: without EC2's ids, networks and groups (F6.4)."""

    ipv4_addresses: tuple[str, ...] = ()
    ipv6_addresses: tuple[str, ...] = ()
    public_ip: str | None = None
    """The address EC2 translates to the interface's, where its metadata tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAttributes:
    """Who the assessed host is."""

    agent_id: str
    hostname: str = ""
    ipv4_addresses: tuple[str, ...] = ()
    ami_id: str | None = None
    auto_scaling_group: str | None = None
    tags: tuple[Tag, ...] = ()
    interfaces: tuple[AssetInterface, ...] = ()
    """Those that have an address others can use; none in findings that were stored before there were any."""
