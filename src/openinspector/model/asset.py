"""The assessed host as findings describe it (F6.3 to F6.5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A key and an optional value, from EC2 or given at enrolment."""

    key: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupName:
    """A security group of an interface."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetInterface:
    """A network interface of the host (F6.4).

    Ids, names and security groups come from the cloud account; they are empty if the host's own telemetry is the only
    source.
    """

    ipv4_addresses: tuple[str, ...] = ()
    """The primary address first."""
    ipv6_addresses: tuple[str, ...] = ()
    public_ip: str | None = None
    """The public address that EC2 translates to the primary one."""
    interface_id: str = ""
    subnet_id: str = ""
    vpc_id: str = ""
    private_dns_name: str = ""
    public_dns_name: str = ""
    security_groups: tuple[SecurityGroupName, ...] = ()


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
