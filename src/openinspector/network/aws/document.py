"""Documents of a snapshot: which operation prints which noun, and how one document is read.

A document that cannot be read is not collected, with a reason. An item that cannot be read makes its document
incomplete; the other items stay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.network.aws import noun

MAX_BYTES: Final = 256 * 1024 * 1024
_ERROR_TEXT: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDocument:
    """One file of a snapshot: the whole output of one `aws` call."""

    account: str
    region: str
    operation: str
    """`<service>-<operation>`, such as `ec2-describe-vpcs`."""
    subject: str = ""
    """The id that the call was made for, decoded; "" for a call without one."""
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The content of one document."""

    items: tuple[msgspec.Struct, ...]
    defects: tuple[str, ...]
    """Why items, or all of the document, could not be read."""


NOUNS: Final[Mapping[str, tuple[str, type[msgspec.Struct]]]] = MappingProxyType(
    {
        "directconnect-describe-direct-connect-gateway-associations": (
            "directConnectGatewayAssociations",
            noun.DirectConnectGatewayAssociation,
        ),
        "directconnect-describe-direct-connect-gateways": ("directConnectGateways", noun.DirectConnectGateway),
        "directconnect-describe-virtual-interfaces": ("virtualInterfaces", noun.VirtualInterface),
        "ec2-describe-addresses": ("Addresses", noun.ElasticAddress),
        "ec2-describe-egress-only-internet-gateways": (
            "EgressOnlyInternetGateways",
            noun.EgressOnlyInternetGateway,
        ),
        "ec2-describe-instances": ("Reservations", noun.Reservation),
        "ec2-describe-internet-gateways": ("InternetGateways", noun.InternetGateway),
        "ec2-describe-nat-gateways": ("NatGateways", noun.NatGateway),
        "ec2-describe-network-acls": ("NetworkAcls", noun.NetworkAcl),
        "ec2-describe-network-interfaces": ("NetworkInterfaces", noun.Eni),
        "ec2-describe-prefix-lists": ("PrefixLists", noun.PrefixList),
        "ec2-describe-route-tables": ("RouteTables", noun.RouteTable),
        "ec2-describe-security-groups": ("SecurityGroups", noun.SecurityGroup),
        "ec2-describe-subnets": ("Subnets", noun.Subnet),
        "ec2-describe-transit-gateway-attachments": ("TransitGatewayAttachments", noun.TgwAttachment),
        "ec2-describe-transit-gateway-route-tables": ("TransitGatewayRouteTables", noun.TgwRouteTable),
        "ec2-describe-transit-gateway-vpc-attachments": ("TransitGatewayVpcAttachments", noun.TgwVpcAttachment),
        "ec2-describe-transit-gateways": ("TransitGateways", noun.TransitGateway),
        "ec2-describe-vpc-block-public-access-exclusions": (
            "VpcBlockPublicAccessExclusions",
            noun.BlockPublicAccessExclusion,
        ),
        "ec2-describe-vpc-block-public-access-options": (
            "VpcBlockPublicAccessOptions",
            noun.BlockPublicAccessOptions,
        ),
        "ec2-describe-vpc-endpoints": ("VpcEndpoints", noun.VpcEndpoint),
        "ec2-describe-vpc-peering-connections": ("VpcPeeringConnections", noun.VpcPeeringConnection),
        "ec2-describe-vpcs": ("Vpcs", noun.Vpc),
        "ec2-describe-vpn-connections": ("VpnConnections", noun.VpnConnection),
        "ec2-describe-vpn-gateways": ("VpnGateways", noun.VpnGateway),
        "ec2-get-managed-prefix-list-entries": ("Entries", noun.PrefixListEntry),
        "ec2-get-transit-gateway-route-table-propagations": (
            "TransitGatewayRouteTablePropagations",
            noun.TgwPropagation,
        ),
        "ec2-search-transit-gateway-routes": ("Routes", noun.TgwRoute),
        "elb-describe-load-balancers": ("LoadBalancerDescriptions", noun.ClassicLoadBalancer),
        "elbv2-describe-listeners": ("Listeners", noun.Listener),
        "elbv2-describe-load-balancer-attributes": ("Attributes", noun.KeyValue),
        "elbv2-describe-load-balancers": ("LoadBalancers", noun.LoadBalancer),
        "elbv2-describe-rules": ("Rules", noun.ListenerRule),
        "elbv2-describe-target-group-attributes": ("Attributes", noun.KeyValue),
        "elbv2-describe-target-groups": ("TargetGroups", noun.TargetGroup),
        "elbv2-describe-target-health": ("TargetHealthDescriptions", noun.TargetHealth),
    }
)
"""Key of the list and type of its items, by operation."""


def read(document: SnapshotDocument) -> Reading:
    """Read one document; never raises, whatever the bytes are."""
    key, kind = NOUNS[document.operation]
    if not document.content.strip():
        return Reading(items=(), defects=("the file is empty",))
    if len(document.content) > MAX_BYTES:
        return Reading(items=(), defects=(f"the file is larger than {MAX_BYTES} bytes",))
    try:
        page = msgspec.json.decode(document.content, type=dict[str, msgspec.Raw])
        raw = page[key]
        one = raw if bytes(raw).startswith(b"{") else None
        items = [one] if one is not None else msgspec.json.decode(raw, type=list[msgspec.Raw])
    except KeyError:
        return Reading(items=(), defects=(f"there is no {key} in the file",))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        text = document.content[:_ERROR_TEXT].decode(errors="replace").strip()
        reason = text if text.startswith("An error occurred") else str(error)
        return Reading(items=(), defects=(reason,))
    more = [
        f"more pages follow: {token}"
        for token in ("NextToken", "NextMarker")
        if bytes(page.get(token, msgspec.Raw())) not in _NOTHING
    ]
    if bytes(page.get("AdditionalRoutesAvailable", msgspec.Raw())) == b"true":
        more.append("more routes exist than one call returns")
    found, bad = _items(items, kind)
    return Reading(items=tuple(found), defects=(*bad, *more))


_NOTHING: Final = (b"", b"null", b'""')


def _items(raws: list[msgspec.Raw], kind: type[msgspec.Struct]) -> tuple[list[msgspec.Struct], list[str]]:
    decoder = msgspec.json.Decoder(kind, strict=False)
    found: list[msgspec.Struct] = []
    bad: list[str] = []
    for number, raw in enumerate(raws):
        try:
            found.append(decoder.decode(raw))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            try:
                found.append(msgspec.convert(_without_nulls(msgspec.json.decode(raw)), kind, strict=False))
            except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
                bad.append(f"item {number} cannot be read: {error}")
    return found, bad


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value


def readings(documents: Iterator[SnapshotDocument]) -> Iterator[tuple[SnapshotDocument, Reading]]:
    """Read every document whose operation the model knows; the others are of no use to it."""
    for document in documents:
        if document.operation in NOUNS:
            yield document, read(document)
