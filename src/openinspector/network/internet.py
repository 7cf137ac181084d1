"""The internet: its gateways, egress-only gateways, NAT gateways and Block Public Access (rows 25 to 34)."""

from dataclasses import replace
from ipaddress import IPv4Address

from openinspector.network.answer import Action, Direction
from openinspector.network.aws import noun
from openinspector.network.packet_filter import ICMP, TCP, UDP, Packet
from openinspector.network.topology import Address, attached, parse_address, public_of
from openinspector.network.walk import IPV4, End, Stopped, Walk


def from_internet(walk: Walk, packet: Packet, *, hop: bool = True) -> End:
    """Enter from the internet at the public address that is dialled (rows 27, 30, 33, 34)."""
    if hop:
        walk.hop("internet", "internet")
    dialled = str(packet.destination)
    interface, private = walk.topology.by_public.get(dialled, (None, ""))
    if interface is None and packet.destination.version != IPV4 and walk.topology.owners.get(dialled):
        interface, private = walk.topology.owners[dialled][0], dialled
    if interface is None:
        raise _unowned(walk, packet.destination)
    gateway = walk.topology.gateway_of(interface.vpc_id)
    if gateway is None:
        why = walk.topology.missing("ec2-describe-internet-gateways", interface.vpc_id)
        if why:
            raise walk.lack(interface.vpc_id, why)
        raise walk.stop("UNASSOCIATED_COMPONENT", interface.vpc_id)
    walk.hop(gateway.internet_gateway_id, "internet-gateway", Action.TRANSLATE, address=dialled)
    if interface.deny_all_igw_traffic and packet.destination.version != IPV4:
        raise walk.stop("IGW_REJECTS_SPOOFED_TRAFFIC", gateway.internet_gateway_id)
    nat = interface.interface_type == "nat_gateway"
    _check_public_access(walk, walk.subnet(interface), nat=nat)
    inner = parse_address(private) or IPv4Address(0)
    walk.check_edge_table(gateway.internet_gateway_id, inner)
    walk.hop(interface.vpc_id, "vpc")
    return walk.into_subnet(interface.vpc_id, replace(packet, destination=inner), came_from=None)


def to_internet_gateway(walk: Walk, subnet: noun.Subnet, packet: Packet, route: noun.Route) -> End:
    """Leave to the internet, or come back from it if the address is one of the network's (rows 27, 30)."""
    target = route.target
    gateway = walk.topology.internet_gateways.get(target)
    walk.hop(target, "internet-gateway", Action.TRANSLATE)
    if gateway is None:
        why = walk.topology.missing("ec2-describe-internet-gateways", subnet.vpc_id)
        if why:
            walk.lack(target, why)
    if gateway is not None and not attached(gateway, subnet.vpc_id):
        raise walk.stop("BAD_STATE_ATTACHMENT", target)
    packet = _seen_outside(walk, target, subnet, packet)
    if not packet.destination.is_global:
        raise walk.stop("IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", target)
    dialled = str(packet.destination)
    if dialled in walk.topology.by_public or (packet.destination.version != IPV4 and dialled in walk.topology.owners):
        return from_internet(walk, packet, hop=False)
    walk.hop("internet", "internet", Action.DELIVER, address=str(packet.destination))
    return End(kind="internet", packet=packet, gateway=target)


def to_egress_only(walk: Walk, subnet: noun.Subnet, packet: Packet, route: noun.Route) -> End:
    """Leave through an egress-only internet gateway; nothing new comes in (row 30)."""
    target, vpc_id = route.target, subnet.vpc_id
    walk.hop(target, "egress-only-internet-gateway")
    _check_public_access(walk, subnet, nat=True)
    why = walk.topology.missing("ec2-describe-egress-only-internet-gateways", vpc_id)
    if why:
        walk.assume(f"{target} is attached: {why}")
    if walk.direction is Direction.BACK:
        raise walk.stop("CANNOT_ROUTE", target)
    walk.hop("internet", "internet", Action.DELIVER, address=str(packet.destination))
    return End(kind="egress-only", packet=packet, gateway=target)


def to_nat_gateway(walk: Walk, subnet: noun.Subnet, packet: Packet, route: noun.Route) -> End:
    """Leave through a NAT gateway and its own subnet (row 33)."""
    target = route.target
    gateway = walk.topology.nat_gateways.get(target)
    walk.hop(target, "nat-gateway", Action.TRANSLATE)
    if gateway is None:
        why = walk.topology.missing("ec2-describe-nat-gateways", subnet.vpc_id)
        raise walk.lack(target, why or f"{target} is not in the snapshot")
    if walk.direction is Direction.BACK:
        raise walk.stop("CANNOT_ROUTE", target)
    if gateway.state != "available":
        raise walk.stop("BAD_STATE", target)
    if packet.protocol not in {TCP, UDP, ICMP}:
        raise walk.stop("PROTOCOL_RESTRICTION", target)
    own = walk.topology.subnets.get(gateway.subnet_id)
    address = parse_address(gateway.nat_gateway_addresses[0].private_ip if gateway.nat_gateway_addresses else "")
    if own is None or address is None:
        raise walk.lack(target, f"subnet or address of {target} is not in the snapshot")
    if own.subnet_id != subnet.subnet_id:
        packet = walk.pass_acl(own, packet, egress=False)
    walk.translations[str(address)] = packet.source
    walk.references = False
    return walk.from_subnet(own, replace(packet, source=address))


def _check_public_access(walk: Walk, subnet: noun.Subnet, *, nat: bool) -> None:
    options = [
        walk.topology.block_public_access[place]
        for place in walk.topology.vpc_places[subnet.vpc_id]
        if place in walk.topology.block_public_access
    ]
    if not options:
        walk.assume("VPC Block Public Access is off: its options were not collected")
        return
    mode = options[0].internet_gateway_block_mode
    for exclusion in walk.topology.block_exclusions:
        if exclusion.state.startswith(("delete", "disable")):
            continue
        if exclusion.resource_arn.rpartition("/")[2] in {subnet.vpc_id, subnet.subnet_id} and (
            exclusion.internet_gateway_exclusion_mode == "allow-bidirectional" or nat
        ):
            return
    if mode == "block-bidirectional" or (mode == "block-ingress" and not nat):
        why = walk.topology.missing("ec2-describe-vpc-block-public-access-exclusions", subnet.vpc_id)
        if not why:
            raise walk.stop("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", subnet.vpc_id)
        walk.lack(subnet.vpc_id, why)


def _seen_outside(walk: Walk, target: str, subnet: noun.Subnet, packet: Packet) -> Packet:
    """Return the packet with the source that the internet sees (rows 27, 30, 31, 32)."""
    interface = walk.topology.by_private.get((subnet.vpc_id, str(packet.source)))
    nat = interface is not None and interface.interface_type == "nat_gateway"
    _check_public_access(walk, subnet, nat=nat)
    if packet.source.version == IPV4:
        public = parse_address(public_of(interface, str(packet.source)) if interface else "")
        if public is None:
            raise walk.stop("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", target)
        packet = replace(packet, source=public)
    elif interface is not None and interface.deny_all_igw_traffic:
        raise walk.stop("IGW_REJECTS_SPOOFED_TRAFFIC", target)
    return packet


def _unowned(walk: Walk, address: Address) -> Stopped:
    text = str(address)
    if not address.is_global:
        return walk.stop("NO_POSSIBLE_DESTINATION", "internet")
    elastic = walk.topology.elastic_addresses.get(text)
    if elastic is not None and not elastic.network_interface_id and not elastic.association_id:
        return walk.stop("IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS", text)
    why = walk.topology.missing("ec2-describe-network-interfaces")
    return walk.lack(text, why or f"no interface of the snapshot owns {text}")
