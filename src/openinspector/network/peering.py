"""VPC peering: one hop, from VPC to VPC (rows 36 and 37)."""

from openinspector.network.answer import Action, Leg
from openinspector.network.aws import noun
from openinspector.network.packet_filter import Packet
from openinspector.network.walk import End, Walk


def to_peer(walk: Walk, subnet: noun.Subnet, packet: Packet, route: noun.Route) -> End:
    """Leave through a peering connection (rows 36, 37)."""
    target, vpc_id = route.target, subnet.vpc_id
    walk.leg = Leg.PEERING
    peering = walk.topology.peerings.get(target)
    if peering is None:
        why = walk.topology.missing("ec2-describe-vpc-peering-connections", vpc_id)
        raise walk.lack(target, why or f"{target} is not in the snapshot")
    if peering.status.code not in {"active", ""}:
        raise walk.stop("BAD_STATE", target)
    sides = (peering.requester_vpc_info, peering.accepter_vpc_info)
    other = next((side for side in sides if side.vpc_id != vpc_id), sides[0])
    if sides[0].region != sides[1].region:
        walk.references = False
    if not walk.in_vpc(vpc_id, packet.source):
        raise walk.stop("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", target)
    if target == walk.home:
        walk.hop(target, "vpc-peering-connection", Action.DELIVER)
        return End(kind="peered-vpc", packet=packet, gateway=target)
    return from_peering(walk, target, other.vpc_id, packet)


def from_peering(walk: Walk, target: str, vpc_id: str, packet: Packet) -> End:
    """Enter a VPC through a peering connection: no further than the VPC itself (row 36)."""
    walk.hop(target, "vpc-peering-connection")
    if vpc_id not in walk.topology.vpcs:
        raise walk.lack(vpc_id, f"{vpc_id}, the other side of {target}, is not in the snapshot")
    walk.hop(vpc_id, "vpc")
    if not walk.in_vpc(vpc_id, packet.destination):
        raise walk.stop("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", target)
    return walk.into_subnet(vpc_id, packet, came_from=None)
