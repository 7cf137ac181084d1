"""Transit gateways: zones, associated tables, propagation, peering, ACLs of attachment subnets (rows 38 to 45)."""

from dataclasses import dataclass

from openinspector.network.answer import Action, Direction
from openinspector.network.aws import noun
from openinspector.network.packet_filter import Packet
from openinspector.network.topology import Address, inside, parse_network
from openinspector.network.walk import End, Walk

_LEARNING = frozenset({"vpn", "direct-connect-gateway", "connect"})


def to_transit_gateway(walk: Walk, subnet: noun.Subnet, packet: Packet, route: noun.Route) -> End:
    """Leave a VPC through a transit gateway's attachment in the subnet's own zone."""
    topology, target = walk.topology, route.target
    attachments = [
        a
        for a in topology.tgw_vpc_attachments.values()
        if a.transit_gateway_id == target and a.vpc_id == subnet.vpc_id and a.state == "available"
    ]
    if not attachments:
        why = topology.missing("ec2-describe-transit-gateway-vpc-attachments", subnet.vpc_id)
        if why:
            raise walk.lack(target, why)
        raise walk.stop("BAD_STATE_ATTACHMENT", target)
    attachment = attachments[0]
    entry = _subnet_in_zone(walk, attachment, subnet.zone)
    if entry is None:
        name = attachment.transit_gateway_attachment_id
        hidden = next((one for one in attachment.subnet_ids if one not in topology.subnets), "")
        if hidden:
            why = topology.missing("ec2-describe-subnets", subnet.vpc_id)
            raise walk.lack(name, why or f"{hidden}, a subnet of {name}, is not in the snapshot")
        raise walk.stop("TGW_ATTACH_VPC_AZ_RESTRICTION", name)
    packet = walk.pass_acl(subnet, packet, egress=True)
    packet = walk.pass_acl(entry, packet, egress=False)
    walk.hop(subnet.vpc_id, "vpc")
    if attachment.options.appliance_mode_support == "enable":
        walk.assume(f"{attachment.transit_gateway_attachment_id} is in appliance mode: nothing in between drops a flow")
    gateway = topology.transit_gateways.get(target)
    if (
        gateway is None
        or gateway.options.security_group_referencing_support != "enable"
        or attachment.options.security_group_referencing_support != "enable"
    ):
        walk.references = False
    record = _record(walk, attachment.transit_gateway_attachment_id, target)
    return from_attachment(walk, record, packet, zone=subnet.zone)


def from_attachment(walk: Walk, record: noun.TgwAttachment, packet: Packet, *, zone: str) -> End:
    """Go on from an attachment by the route table associated with it (row 39)."""
    gateway = record.transit_gateway_id
    walk.hop(gateway, "transit-gateway")
    table = record.association.transit_gateway_route_table_id if record.association else ""
    if not table:
        raise walk.stop("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", record.transit_gateway_attachment_id)
    next_hop = _route(walk, table, packet.destination)
    name, kind = next_hop.transit_gateway_attachment_id, next_hop.resource_type
    match kind:
        case "vpc":
            return _into_vpc(walk, name, packet, zone)
        case "peering":
            return from_attachment(walk, _other_side(walk, name, gateway), packet, zone=zone)
        case "vpn" | "direct-connect-gateway":
            walk.hop(next_hop.resource_id, kind)
            walk.hop("on-premises", "on-premises", Action.DELIVER, address=str(packet.destination))
            return End(kind="on-premises", packet=packet, gateway=next_hop.resource_id)
        case _:
            raise walk.lack(name, f"what the {kind or 'unknown'} attachment {name} does is not modelled")


def _into_vpc(walk: Walk, name: str, packet: Packet, zone: str) -> End:
    attachment = walk.topology.tgw_vpc_attachments.get(name)
    if attachment is None:
        raise walk.lack(name, f"the subnets of {name} are not in the snapshot")
    if attachment.state != "available":
        raise walk.stop("BAD_STATE_ATTACHMENT", name)
    destination = walk.topology.subnet_at(attachment.vpc_id, packet.destination)
    exit_subnet = (
        _subnet_in_zone(walk, attachment, zone)
        or _subnet_in_zone(walk, attachment, destination.zone if destination else "")
        or next((walk.topology.subnets[s] for s in attachment.subnet_ids if s in walk.topology.subnets), None)
    )
    if exit_subnet is None:
        raise walk.lack(name, f"no attachment subnet of {name} is in the snapshot")
    found = walk.lookup(exit_subnet, packet.destination)
    if found.route.target != "local":
        walk.hop(exit_subnet.subnet_id, "subnet")
        return walk.follow(exit_subnet, packet, found)
    if destination is None or destination.subnet_id != exit_subnet.subnet_id:
        packet = walk.pass_acl(exit_subnet, packet, egress=True)
    walk.hop(attachment.vpc_id, "vpc")
    return walk.into_subnet(attachment.vpc_id, packet, came_from=exit_subnet)


def _subnet_in_zone(walk: Walk, attachment: noun.TgwVpcAttachment, zone: str) -> noun.Subnet | None:
    known = [walk.topology.subnets[s] for s in attachment.subnet_ids if s in walk.topology.subnets]
    return next((subnet for subnet in known if subnet.zone == zone), None)


def _record(walk: Walk, name: str, gateway: str) -> noun.TgwAttachment:
    records = [r for r in walk.topology.tgw_attachments.get(name, ()) if r.transit_gateway_id == gateway]
    if not records:
        why = walk.topology.missing("ec2-describe-transit-gateway-attachments")
        raise walk.lack(name, why or f"{name} is not in the snapshot")
    return max(records, key=lambda record: record.association is not None)


def _other_side(walk: Walk, name: str, gateway: str) -> noun.TgwAttachment:
    others = [r for r in walk.topology.tgw_attachments.get(name, ()) if r.transit_gateway_id != gateway]
    if not others:
        raise walk.lack(name, f"the other side of the peering {name} is not in the snapshot")
    return others[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    rank: tuple[int, int]
    route: noun.TgwRoute


def _route(walk: Walk, table: str, destination: Address) -> noun.TgwRouteAttachment:
    topology = walk.topology
    why = topology.missing("ec2-search-transit-gateway-routes", subject=table)
    if why:
        raise walk.lack(table, why)
    _check_propagated(walk, table)
    best: _Candidate | None = None
    for route in (*topology.tgw_routes.get(table, ()), *_propagated(walk, table)):
        network = parse_network(route.destination_cidr_block)
        if network is None or not inside(destination, route.destination_cidr_block):
            continue
        rank = (network.prefixlen, int(route.type == "static"))
        if best is None or rank > best.rank:
            best = _Candidate(rank=rank, route=route)
    if best is None:
        return _unrouted(walk, table)
    if best.route.state == "blackhole" or not best.route.transit_gateway_attachments:
        raise walk.stop("TGW_RTB_BAD_STATE_ROUTE", table, route=best.route.destination_cidr_block)
    return best.route.transit_gateway_attachments[0]


def _check_propagated(walk: Walk, table: str) -> None:
    """Stop unless all ranges of VPCs that a table has by propagation are known."""
    topology = walk.topology
    if any(route.type == "propagated" for route in topology.tgw_routes.get(table, ())):
        return  # The routes of all types were searched.
    why = topology.missing("ec2-get-transit-gateway-route-table-propagations", subject=table)
    if why:
        raise walk.lack(table, why)
    vpcs = [one.resource_id for one in topology.tgw_propagations.get(table, ()) if one.resource_type == "vpc"]
    stranger = next((vpc_id for vpc_id in vpcs if vpc_id not in topology.vpcs), "")
    if stranger:
        raise walk.lack(table, f"the ranges of {stranger} are not in the snapshot")


def _unrouted(walk: Walk, table: str) -> noun.TgwRouteAttachment:
    """Judge an address that no known route holds: a learned route may (row 49)."""
    topology = walk.topology
    learning = [p for p in topology.tgw_propagations.get(table, ()) if p.resource_type in _LEARNING]
    if walk.direction is Direction.BACK and learning:
        return _as_attachment(learning[0])
    if learning:
        raise walk.lack(table, f"{table} learns routes from {learning[0].resource_id}; they were not collected")
    raise walk.stop("TGW_RTB_CANNOT_ROUTE", table)


def _propagated(walk: Walk, table: str) -> list[noun.TgwRoute]:
    """Return routes that attachments bring: ranges of VPCs, known prefixes of VPNs and Direct Connect."""
    routes = []
    for entry in walk.topology.tgw_propagations.get(table, ()):
        if entry.state != "enabled":
            continue
        if entry.resource_type == "vpc":
            cidrs = walk.topology.vpc_ranges(entry.resource_id)
        elif entry.resource_type in _LEARNING:
            cidrs = _announced(walk, entry.resource_id)
        else:
            continue
        routes += [
            noun.TgwRoute(
                destination_cidr_block=cidr,
                type="propagated",
                transit_gateway_attachments=(_as_attachment(entry),),
            )
            for cidr in cidrs
        ]
    return routes


def _as_attachment(entry: noun.TgwPropagation) -> noun.TgwRouteAttachment:
    return noun.TgwRouteAttachment(
        resource_id=entry.resource_id,
        resource_type=entry.resource_type,
        transit_gateway_attachment_id=entry.transit_gateway_attachment_id,
    )


def _announced(walk: Walk, resource: str) -> tuple[str, ...]:
    """Return the prefixes that a Direct Connect gateway or VPN connection is known to announce."""
    prefixes = tuple(
        prefix.cidr
        for v in walk.topology.virtual_interfaces.values()
        if v.direct_connect_gateway_id == resource
        for prefix in v.route_filter_prefixes
    )
    connection = walk.topology.vpn_connections.get(resource)
    return prefixes + (tuple(r.destination_cidr_block for r in connection.routes) if connection else ())
