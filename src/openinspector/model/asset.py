"""The assessed host as findings describe it (F6.3 to F6.5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A key and an optional value, from EC2 or given at enrolment."""

    key: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAttributes:
    """Who the assessed host is."""

    agent_id: str
    hostname: str = ""
    ipv4_addresses: tuple[str, ...] = ()
    ami_id: str | None = None
    auto_scaling_group: str | None = None
    tags: tuple[Tag, ...] = ()
