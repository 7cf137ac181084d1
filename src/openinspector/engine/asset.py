"""The assessed host as its findings describe it, from what it sent and what the service knows of it (F6.3 to F6.5)."""

from typing import Final

from openinspector.model.agent import Agent
from openinspector.model.asset import AssetAttributes
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import InstanceMetadata, NetworkInterface, OperatingSystem

MAX_ADDRESSES: Final = 50
_OWN: Final = ("127.", "169.254.")
"""Loopback and link-local: they name no host to anybody else."""


def asset_of(facts: HostFacts, agent: Agent) -> AssetAttributes:
    """Return who the host is; what telemetry says goes before what enrolment and heartbeats said."""
    system = facts.only(OperatingSystem)
    metadata = facts.only(InstanceMetadata)
    return AssetAttributes(
        agent_id=agent.id,
        hostname=(system.hostname if system else "") or agent.host.hostname,
        ipv4_addresses=_addresses(facts, metadata) or ((agent.host.ipv4_address,) if agent.host.ipv4_address else ()),
        ami_id=(metadata.ami_id if metadata else "") or agent.ami_id,
        auto_scaling_group=agent.auto_scaling_group,
        tags=agent.tags,
    )


def _addresses(facts: HostFacts, metadata: InstanceMetadata | None) -> tuple[str, ...]:
    """Return the instance's own address first, then those of its interfaces, each once."""
    own = (metadata.local_ipv4, metadata.public_ipv4) if metadata else ()
    others = (address for interface in facts.all(NetworkInterface) for address in interface.ipv4)
    found = dict.fromkeys(address for address in (*own, *others) if address and not address.startswith(_OWN))
    return tuple(found)[:MAX_ADDRESSES]
