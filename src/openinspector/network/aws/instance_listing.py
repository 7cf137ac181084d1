"""Instances in the documents of a snapshot: what targets select by tags, and what findings say of the asset."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.model.agent import AgentId
from openinspector.model.asset import AssetInterface, SecurityGroupName, Tag
from openinspector.model.cloud_instance import CloudInstance
from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.aws.read_call import INSTANCES_CALL
from openinspector.network.aws.vpc import Noun, ResourceTag, State

_ID_LENGTHS: Final = range(1, 65)


class _Group(Noun, frozen=True):
    group_id: str = ""
    group_name: str = ""


class _Public(Noun, frozen=True):
    public_ip: str = ""
    public_dns_name: str = ""


class _Private(Noun, frozen=True):
    private_ip_address: str = ""
    primary: bool = False
    association: _Public | None = None


class _Ipv6(Noun, frozen=True):
    ipv6_address: str = ""


class _Interface(Noun, frozen=True):
    network_interface_id: str = ""
    subnet_id: str = ""
    vpc_id: str = ""
    private_dns_name: str = ""
    private_ip_addresses: tuple[_Private, ...] = ()
    ipv6_addresses: tuple[_Ipv6, ...] = ()
    association: _Public | None = None
    groups: tuple[_Group, ...] = ()


class _Described(Noun, frozen=True):
    instance_id: str
    image_id: str = ""
    state: State = State()
    public_dns_name: str = ""
    private_dns_name: str = ""
    tags: tuple[ResourceTag, ...] = ()
    network_interfaces: tuple[_Interface, ...] = ()


class _Reservation(Noun, frozen=True):
    owner_id: str = ""
    instances: tuple[msgspec.Raw, ...] = ()


class _Page(Noun, frozen=True):
    reservations: tuple[_Reservation, ...] = ()


def instances_in(documents: Iterable[SnapshotDocument]) -> tuple[CloudInstance, ...]:
    """Return the instances of a snapshot by id. An instance or document that cannot be read is left out."""
    found = {
        one.id: one
        for document in documents
        if document.operation == INSTANCES_CALL.operation
        for one in _instances(document)
    }
    return tuple(found[id_] for id_ in sorted(found))


def _instances(document: SnapshotDocument) -> Iterator[CloudInstance]:
    try:
        page = msgspec.json.decode(document.content, type=_Page)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return
    for reservation in page.reservations:
        for raw in reservation.instances:
            try:
                described = msgspec.json.decode(raw, type=_Described, strict=False)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                continue
            if len(described.instance_id) in _ID_LENGTHS and described.instance_id.startswith("i-"):
                yield _instance(described, reservation.owner_id or document.account, document.region)


def _instance(described: _Described, account: str, region: str) -> CloudInstance:
    interfaces = tuple(_interface(one) for one in described.network_interfaces)
    public = [one.public_ip for one in interfaces if one.public_ip]
    private = [address for one in interfaces for address in one.ipv4_addresses]
    return CloudInstance(
        id=AgentId(described.instance_id),
        account=account,
        region=region,
        state=described.state.name,
        hostname=described.public_dns_name or described.private_dns_name,
        ipv4_addresses=tuple(dict.fromkeys([*public, *private])),
        ami_id=described.image_id,
        tags=tuple(Tag(key=tag.key, value=tag.value) for tag in described.tags),
        interfaces=interfaces,
    )


def _interface(described: _Interface) -> AssetInterface:
    addresses = sorted(described.private_ip_addresses, key=lambda one: not one.primary)
    public = described.association or next((one.association for one in addresses if one.association), None)
    return AssetInterface(
        interface_id=described.network_interface_id,
        subnet_id=described.subnet_id,
        vpc_id=described.vpc_id,
        private_dns_name=described.private_dns_name,
        public_dns_name=public.public_dns_name if public else "",
        public_ip=(public.public_ip or None) if public else None,
        ipv4_addresses=tuple(one.private_ip_address for one in addresses if one.private_ip_address),
        ipv6_addresses=tuple(one.ipv6_address for one in described.ipv6_addresses if one.ipv6_address),
        security_groups=tuple(SecurityGroupName(id=one.group_id, name=one.group_name) for one in described.groups),
    )
