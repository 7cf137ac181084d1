"""The assessed host in its findings, from its telemetry and its agent (F6.3 to F6.5)."""

from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from itertools import islice
from typing import Final

from openinspector.model.agent import Agent
from openinspector.model.asset import AssetAttributes, AssetInterface, Tag
from openinspector.model.cloud_instance import CloudInstance
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import InstanceMetadata, NetworkInterface, OperatingSystem

MAX_ADDRESSES: Final = 50
MAX_INTERFACES: Final = 50
MAX_HOSTNAME: Final = 256
_MAX_AMI_ID: Final = 256
_OWN: Final = ("127.", "169.254.")
"""Loopback and link-local addresses: useless to other hosts."""


def asset_of(facts: HostFacts, agent: Agent, instance: CloudInstance | None = None) -> AssetAttributes:
    """Return the host's attributes. Telemetry takes precedence over enrolment and heartbeats.

    Tags, image, Auto Scaling group and interfaces are those of the instance, if the account describes one.

    The result is within the API's bounds: longer names are cut, and malformed addresses are omitted.
    """
    system = facts.only(OperatingSystem)
    metadata = facts.only(InstanceMetadata)
    described = asset_of_instance(instance) if instance is not None else AssetAttributes(agent_id=agent.id)
    ami_id = (metadata.ami_id if metadata else "") or described.ami_id or agent.ami_id
    return AssetAttributes(
        agent_id=agent.id,
        hostname=((system.hostname if system else "") or agent.host.hostname)[:MAX_HOSTNAME],
        ipv4_addresses=_ipv4_of(facts, metadata, agent, described),
        ami_id=None if ami_id is None else ami_id[:_MAX_AMI_ID],
        auto_scaling_group=described.auto_scaling_group or agent.auto_scaling_group,
        tags=_tags(described.tags, agent.tags),
        interfaces=described.interfaces or tuple(islice(_interfaces(facts, metadata), MAX_INTERFACES)),
    )


def asset_of_instance(instance: CloudInstance) -> AssetAttributes:
    """Return the attributes of an instance without an agent, as its account describes it."""
    return AssetAttributes(
        agent_id=instance.id,
        hostname=instance.hostname[:MAX_HOSTNAME],
        ipv4_addresses=_routable(_ipv4(instance.ipv4_addresses)),
        ami_id=instance.ami_id[:_MAX_AMI_ID] or None,
        auto_scaling_group=instance.auto_scaling_group,
        tags=instance.tags,
        interfaces=instance.interfaces[:MAX_INTERFACES],
    )


def _ipv4_of(
    facts: HostFacts, metadata: InstanceMetadata | None, agent: Agent, described: AssetAttributes
) -> tuple[str, ...]:
    own = _addresses(facts, metadata) or tuple(_ipv4((agent.host.ipv4_address,)))
    return tuple(dict.fromkeys((*own, *described.ipv4_addresses)))[:MAX_ADDRESSES]


def _tags(of_instance: tuple[Tag, ...], of_enrolment: tuple[Tag, ...]) -> tuple[Tag, ...]:
    """Return the tags of EC2, then those of the enrolment whose key EC2 does not have."""
    keys = {tag.key for tag in of_instance}
    return (*of_instance, *(tag for tag in of_enrolment if tag.key not in keys))


def _addresses(facts: HostFacts, metadata: InstanceMetadata | None) -> tuple[str, ...]:
    """Return the instance's own address, then those of its interfaces, without duplicates."""
    own = (metadata.local_ipv4, metadata.public_ipv4) if metadata else ()
    others = (address for interface in facts.all(NetworkInterface) for address in interface.ipv4)
    return _routable(_ipv4((*own, *others)))


def _interfaces(facts: HostFacts, metadata: InstanceMetadata | None) -> Iterator[AssetInterface]:
    """Yield the interfaces with an address that other hosts can use."""
    for interface in facts.all(NetworkInterface):
        ipv4 = _routable(_ipv4(interface.ipv4))
        ipv6 = tuple(dict.fromkeys(_ipv6(interface.ipv6)))[:MAX_ADDRESSES]
        if ipv4 or ipv6:
            public = metadata.public_ipv4 if metadata and metadata.local_ipv4 in ipv4 else ""
            yield AssetInterface(ipv4_addresses=ipv4, ipv6_addresses=ipv6, public_ip=next(_ipv4((public,)), None))


def _routable(addresses: Iterable[str]) -> tuple[str, ...]:
    found = dict.fromkeys(address for address in addresses if not address.startswith(_OWN))
    return tuple(found)[:MAX_ADDRESSES]


def _ipv4(texts: Iterable[str]) -> Iterator[str]:
    """Yield the well-formed IPv4 addresses."""
    for text in texts:
        try:
            yield str(IPv4Address(text))
        except AddressValueError:
            continue


def _ipv6(texts: Iterable[str]) -> Iterator[str]:
    """Yield the IPv6 addresses that other hosts can use."""
    for text in texts:
        try:
            address = IPv6Address(text)
        except AddressValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.scope_id):
            yield str(address)
