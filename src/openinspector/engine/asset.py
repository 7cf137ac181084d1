"""The assessed host as its findings describe it, from what it sent and what the service knows of it (F6.3 to F6.5)."""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from openinspector.model.agent import Agent
from openinspector.model.asset import AssetAttributes
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import InstanceMetadata, NetworkInterface, OperatingSystem

MAX_ADDRESSES: Final = 50
MAX_HOSTNAME: Final = 256
_MAX_AMI_ID: Final = 256
_OWN: Final = ("127.", "169.254.")
"""Loopback and link-local: they name no host to anybody else."""


def asset_of(facts: HostFacts, agent: Agent) -> AssetAttributes:
    """Return who the host is; what telemetry says goes before what enrolment and heartbeats said.

    Within the API's bounds, whatever the host sent: longer names are cut, and addresses that are none are left out.
    """
    system = facts.only(OperatingSystem)
    metadata = facts.only(InstanceMetadata)
    ami_id = (metadata.ami_id if metadata else "") or agent.ami_id
    return AssetAttributes(
        agent_id=agent.id,
        hostname=((system.hostname if system else "") or agent.host.hostname)[:MAX_HOSTNAME],
        ipv4_addresses=_addresses(facts, metadata) or tuple(_ipv4((agent.host.ipv4_address,))),
        ami_id=None if ami_id is None else ami_id[:_MAX_AMI_ID],
        auto_scaling_group=agent.auto_scaling_group,
        tags=agent.tags,
    )


def _addresses(facts: HostFacts, metadata: InstanceMetadata | None) -> tuple[str, ...]:
    """Return the instance's own address first, then those of its interfaces, each once."""
    own = (metadata.local_ipv4, metadata.public_ipv4) if metadata else ()
    others = (address for interface in facts.all(NetworkInterface) for address in interface.ipv4)
    found = dict.fromkeys(address for address in _ipv4((*own, *others)) if not address.startswith(_OWN))
    return tuple(found)[:MAX_ADDRESSES]


def _ipv4(texts: Iterable[str]) -> Iterable[str]:
    """Yield those that are IPv4 addresses."""
    for text in texts:
        try:
            yield str(IPv4Address(text))
        except AddressValueError:
            continue
