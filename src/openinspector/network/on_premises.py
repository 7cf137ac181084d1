"""Virtual private gateways, VPN and Direct Connect: the ways to and from networks on premises (rows 46 to 49)."""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.network.answer import Action, Direction, Leg
from openinspector.network.aws import noun
from openinspector.network.packet_filter import Packet
from openinspector.network.peering import from_peering
from openinspector.network.topology import Topology
from openinspector.network.transit import from_attachment
from openinspector.network.walk import End, Stopped, Walk

_DIRECT_CONNECT: Final = (
    "directconnect-describe-virtual-interfaces",
    "directconnect-describe-direct-connect-gateways",
)
"""Reads that list each Direct Connect and each gateway that may join it to a virtual private gateway."""
_ASSOCIATIONS: Final = "directconnect-describe-direct-connect-gateway-associations"


def to_vpn_gateway(walk: Walk, subnet: noun.Subnet, packet: Packet, route: noun.Route) -> End:
    """Leave through a virtual private gateway."""
    topology, target = walk.topology, route.target
    packet = walk.pass_acl(subnet, packet, egress=True)
    walk.hop(subnet.vpc_id, "vpc")
    walk.leg = Leg.VPN
    walk.hop(target, "vpn-gateway")
    connections = [c for c in topology.vpn_connections.values() if c.vpn_gateway_id == target]
    interfaces = [v for v in topology.virtual_interfaces.values() if v.virtual_gateway_id == target]
    behind_dx = [a for a in topology.dx_associations if a.associated_gateway.id == target]
    static = tuple(
        r.destination_cidr_block for c in connections for r in c.routes if r.state not in {"deleted", "deleting"}
    )
    end = End(kind="on-premises", packet=packet, gateway=target)
    sibling = _sibling(topology, behind_dx, packet)
    if sibling:
        raise walk.stop("CANNOT_ROUTE", sibling)
    if (
        walk.direction is Direction.BACK
        or walk.check_prefix(packet.destination, static)
        or route.origin == "EnableVgwRoutePropagation"
        or ((interfaces or behind_dx) and not packet.destination.is_global)
    ):
        walk.hop("on-premises", "on-premises", Action.DELIVER, address=str(packet.destination))
        return end
    if any(not c.options.static_routes_only for c in connections) or interfaces or behind_dx:
        raise walk.lack(target, f"routes that {target} learned from a router on premises are not in the snapshot")
    why = _why_ways_are_missing(topology, subnet.vpc_id, private=not packet.destination.is_global)
    raise walk.lack(target, why) if why else walk.stop("CANNOT_ROUTE", target)


def _why_ways_are_missing(topology: Topology, vpc_id: str, *, private: bool) -> str:
    """Return why a VPN, or a Direct Connect to private addresses, may be there unseen; "" if all were collected."""
    reads = [("ec2-describe-vpn-connections", "")]
    if private:
        reads += [(operation, "") for operation in _DIRECT_CONNECT]
        reads += [(_ASSOCIATIONS, gateway) for gateway in sorted(topology.dx_gateways)]
    return next((why for one, subject in reads if (why := topology.missing(one, vpc_id, subject))), "")


def _sibling(topology: Topology, behind_dx: Iterable[noun.DirectConnectGatewayAssociation], packet: Packet) -> str:
    """Return a Direct Connect gateway that has the destination behind another of its gateways (row 48)."""
    for own in behind_dx:
        if any(topology.in_vpc(vpc_id, packet.destination) for vpc_id in _siblings(topology, own)):
            return own.direct_connect_gateway_id
    return ""


def _siblings(topology: Topology, own: noun.DirectConnectGatewayAssociation) -> Iterator[str]:
    """Yield the VPCs behind the other virtual private gateways of a Direct Connect gateway."""
    for other in topology.dx_associations:
        if other.direct_connect_gateway_id == own.direct_connect_gateway_id:
            found = topology.vpn_gateways.get(other.associated_gateway.id)
            if found is not None and found.vpn_gateway_id != own.associated_gateway.id:
                yield from (attachment.vpc_id for attachment in found.vpc_attachments)


def sibling_ranges(topology: Topology, gateway: str) -> Iterator[str]:
    """Yield the ranges that a virtual private gateway refuses to reach through Direct Connect (row 48)."""
    for own in topology.dx_associations:
        if own.associated_gateway.id == gateway:
            for vpc_id in _siblings(topology, own):
                yield from topology.vpc_ranges(vpc_id)


def from_gateway(walk: Walk, gateway: str, packet: Packet) -> End:
    """Enter from the network behind a gateway: vgw-, vpn-, dxvif-, tgw- or pcx-."""
    kind = gateway.split("-", maxsplit=1)[0]
    walk.leg = Leg.DIRECT_CONNECT if kind == "dxvif" else Leg.PEERING if kind == "pcx" else Leg.VPN
    match kind:
        case "pcx":
            return _from_peering(walk, gateway, packet)
        case "vgw":
            return _from_vpn_gateway(walk, gateway, packet)
        case "vpn":
            return _from_vpn_connection(walk, gateway, packet)
        case "dxvif":
            return _from_virtual_interface(walk, gateway, packet)
        case "tgw":
            return _from_transit_gateway(walk, gateway, packet)
        case _:
            raise walk.lack(gateway, f"{gateway} is not a gateway that this model knows")


def _from_peering(walk: Walk, gateway: str, packet: Packet) -> End:
    peering = walk.topology.peerings.get(gateway)
    if peering is None:
        why = walk.topology.missing("ec2-describe-vpc-peering-connections")
        raise walk.lack(gateway, why or f"{gateway} is not in the snapshot")
    if peering.status.code not in {"active", ""}:
        raise walk.stop("BAD_STATE", gateway)
    sides = (peering.requester_vpc_info.vpc_id, peering.accepter_vpc_info.vpc_id)
    vpc_id = next((v for v in sides if walk.topology.in_vpc(v, packet.destination)), sides[1])
    return from_peering(walk, gateway, vpc_id, packet)


def _from_vpn_gateway(walk: Walk, gateway: str, packet: Packet) -> End:
    walk.hop(gateway, "vpn-gateway")
    found = walk.topology.vpn_gateways.get(gateway)
    if found is None:
        why = walk.topology.missing("ec2-describe-vpn-gateways")
        raise walk.lack(gateway, why or f"{gateway} is not in the snapshot")
    vpcs = [a.vpc_id for a in found.vpc_attachments if a.state == "attached"]
    if not vpcs:
        raise walk.stop("BAD_STATE_ATTACHMENT", gateway)
    if not walk.in_vpc(vpcs[0], packet.destination):
        raise walk.stop("CANNOT_ROUTE", gateway)
    walk.check_edge_table(gateway, packet.destination)
    walk.hop(vpcs[0], "vpc")
    return walk.into_subnet(vpcs[0], packet, came_from=None)


def _from_vpn_connection(walk: Walk, gateway: str, packet: Packet) -> End:
    walk.hop(gateway, "vpn-connection")
    connection = walk.topology.vpn_connections.get(gateway)
    if connection is None:
        why = walk.topology.missing("ec2-describe-vpn-connections")
        raise walk.lack(gateway, why or f"{gateway} is not in the snapshot")
    if connection.vpn_gateway_id:
        return _from_vpn_gateway(walk, connection.vpn_gateway_id, packet)
    return _from_attached(walk, gateway, packet)


def _from_virtual_interface(walk: Walk, gateway: str, packet: Packet) -> End:
    walk.hop("on-premises", "on-premises")
    interface = walk.topology.virtual_interfaces.get(gateway)
    if interface is None:
        why = walk.topology.missing("directconnect-describe-virtual-interfaces")
        raise walk.lack(gateway, why or f"{gateway} is not in the snapshot")
    if interface.virtual_interface_state not in {"available", ""}:
        raise walk.stop("BAD_STATE", gateway)
    if interface.virtual_gateway_id:
        return _from_vpn_gateway(walk, interface.virtual_gateway_id, packet)
    return _from_direct_connect(walk, interface.direct_connect_gateway_id, packet)


def _from_direct_connect(walk: Walk, dx: str, packet: Packet) -> End:
    for association in walk.topology.dx_associations:
        if association.direct_connect_gateway_id == dx and _carries(walk, association, packet):
            if association.associated_gateway.id.startswith("vgw-"):
                return _from_vpn_gateway(walk, association.associated_gateway.id, packet)
            return _from_attached(walk, dx, packet)
    why = walk.topology.missing(_ASSOCIATIONS, subject=dx)
    if why:
        raise walk.lack(dx, why)
    if walk.not_known:
        raise Stopped
    raise walk.stop("CANNOT_ROUTE", dx)


def _carries(walk: Walk, association: noun.DirectConnectGatewayAssociation, packet: Packet) -> bool:
    """Return True if allowed prefixes and the gateway's VPC hold the destination (row 48)."""
    allowed = tuple(prefix.cidr for prefix in association.allowed_prefixes_to_direct_connect_gateway)
    if association.association_state != "associated":
        return False
    if allowed and not walk.check_prefix(packet.destination, allowed):
        return False
    if not association.associated_gateway.id.startswith("vgw-"):
        return True
    name = association.associated_gateway.id
    gateway = walk.topology.vpn_gateways.get(name)
    if gateway is None:
        why = walk.topology.missing("ec2-describe-vpn-gateways")
        walk.lack(name, why or f"{name} is not in the snapshot")
        return False
    return any(walk.topology.in_vpc(attachment.vpc_id, packet.destination) for attachment in gateway.vpc_attachments)


def _from_attached(walk: Walk, resource: str, packet: Packet) -> End:

    for records in walk.topology.tgw_attachments.values():
        for record in records:
            if record.resource_id == resource:
                return from_attachment(walk, record, packet, zone="")
    why = walk.topology.missing("ec2-describe-transit-gateway-attachments")
    raise walk.lack(resource, why or f"no attachment of {resource} is in the snapshot")


def outside_attachments(topology: Topology, gateway: str) -> list[noun.TgwAttachment]:
    """Return the attachments of a transit gateway that lead to networks on premises."""
    return [
        record
        for records in topology.tgw_attachments.values()
        for record in records
        if record.transit_gateway_id == gateway and record.resource_type in {"vpn", "direct-connect-gateway"}
    ]


def _from_transit_gateway(walk: Walk, gateway: str, packet: Packet) -> End:
    outside = outside_attachments(walk.topology, gateway)
    for record in outside:
        try:
            return from_attachment(walk, record, packet, zone="")
        except Stopped:
            if record is outside[-1]:
                raise
            walk.hops.clear()
            walk.block = walk.not_known = None
    raise walk.lack(gateway, f"no attachment of {gateway} to a network on premises is in the snapshot")
