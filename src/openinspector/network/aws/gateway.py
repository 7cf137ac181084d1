"""Gateways, peering, endpoints, prefix lists, addresses and Direct Connect."""

import msgspec

from openinspector.network.aws.vpc import Noun, State


class VpcAttachment(Noun, frozen=True):
    """A gateway's attachment to a VPC."""

    vpc_id: str = ""
    state: str = ""


class InternetGateway(Noun, frozen=True):
    """An internet gateway."""

    internet_gateway_id: str
    attachments: tuple[VpcAttachment, ...] = ()


class NatAddress(Noun, frozen=True):
    """An address pair of a NAT gateway."""

    network_interface_id: str = ""
    private_ip: str = ""
    public_ip: str = ""


class NatGateway(Noun, frozen=True):
    """A NAT gateway, public or private."""

    nat_gateway_id: str
    subnet_id: str = ""
    vpc_id: str = ""
    state: str = "available"
    connectivity_type: str = "public"
    nat_gateway_addresses: tuple[NatAddress, ...] = ()


class VpnGateway(Noun, frozen=True):
    """A virtual private gateway."""

    vpn_gateway_id: str
    state: str = "available"
    vpc_attachments: tuple[VpcAttachment, ...] = ()


class VpnRoute(Noun, frozen=True):
    """A static route of a VPN connection."""

    destination_cidr_block: str = ""
    state: str = "available"


class VpnOptions(Noun, frozen=True):
    """Options of a VPN connection."""

    static_routes_only: bool = False


class VpnConnection(Noun, frozen=True):
    """A VPN connection to a virtual private or transit gateway."""

    vpn_connection_id: str
    vpn_gateway_id: str = ""
    transit_gateway_id: str = ""
    state: str = "available"
    options: VpnOptions = VpnOptions()
    routes: tuple[VpnRoute, ...] = ()


class PeeringVpc(Noun, frozen=True):
    """One side of a peering connection."""

    vpc_id: str = ""
    owner_id: str = ""
    region: str = ""
    cidr_block: str = ""


class VpcPeeringConnection(Noun, frozen=True):
    """A VPC peering connection."""

    vpc_peering_connection_id: str
    status: State = State()
    requester_vpc_info: PeeringVpc = PeeringVpc()
    accepter_vpc_info: PeeringVpc = PeeringVpc()


class TgwOptions(Noun, frozen=True):
    """Options of a transit gateway or of its attachment."""

    security_group_referencing_support: str = "disable"
    appliance_mode_support: str = "disable"


class TransitGateway(Noun, frozen=True):
    """A transit gateway."""

    transit_gateway_id: str
    options: TgwOptions = TgwOptions()


class TgwAssociation(Noun, frozen=True):
    """The route table that decides for an attachment."""

    transit_gateway_route_table_id: str = ""
    state: str = "associated"


class TgwAttachment(Noun, frozen=True):
    """An attachment of a VPC, VPN, Direct Connect gateway or other transit gateway."""

    transit_gateway_attachment_id: str
    transit_gateway_id: str = ""
    resource_id: str = ""
    resource_type: str = ""
    state: str = "available"
    association: TgwAssociation | None = None


class TgwVpcAttachment(Noun, frozen=True):
    """The subnets through which a transit gateway enters a VPC."""

    transit_gateway_attachment_id: str
    transit_gateway_id: str = ""
    vpc_id: str = ""
    state: str = "available"
    subnet_ids: tuple[str, ...] = ()
    options: TgwOptions = TgwOptions()


class TgwRouteTable(Noun, frozen=True):
    """A route table of a transit gateway."""

    transit_gateway_route_table_id: str
    transit_gateway_id: str = ""


class TgwRouteAttachment(Noun, frozen=True):
    """Where a transit gateway's route points to."""

    resource_id: str = ""
    resource_type: str = ""
    transit_gateway_attachment_id: str = ""


class TgwRoute(Noun, frozen=True):
    """A route of a transit gateway."""

    destination_cidr_block: str = ""
    state: str = "active"
    type: str = "static"
    transit_gateway_attachments: tuple[TgwRouteAttachment, ...] = ()


class TgwPropagation(Noun, frozen=True):
    """An attachment whose prefixes enter a route table by themselves."""

    resource_id: str = ""
    resource_type: str = ""
    state: str = "enabled"
    transit_gateway_attachment_id: str = ""


class VpcEndpoint(Noun, frozen=True):
    """An interface, gateway or Gateway Load Balancer endpoint."""

    vpc_endpoint_id: str
    vpc_endpoint_type: str = "Gateway"
    vpc_id: str = ""
    service_name: str = ""
    state: str = "available"
    network_interface_ids: tuple[str, ...] = ()


class PrefixList(Noun, frozen=True):
    """A prefix list of the vendor."""

    prefix_list_id: str
    prefix_list_name: str = ""
    cidrs: tuple[str, ...] = ()


class PrefixListEntry(Noun, frozen=True):
    """One range of a managed prefix list."""

    cidr: str


class ElasticAddress(Noun, frozen=True):
    """An Elastic IP address of the account."""

    public_ip: str = ""
    network_interface_id: str = ""
    association_id: str = ""


class BlockPublicAccessOptions(Noun, frozen=True):
    """VPC Block Public Access of one account and region."""

    internet_gateway_block_mode: str = "off"
    exclusions_allowed: str = ""


class BlockPublicAccessExclusion(Noun, frozen=True):
    """A VPC or subnet that Block Public Access leaves alone."""

    exclusion_id: str = ""
    internet_gateway_exclusion_mode: str = ""
    resource_arn: str = ""
    state: str = ""


class EgressOnlyInternetGateway(Noun, frozen=True):
    """A gateway that lets IPv6 flows out only."""

    egress_only_internet_gateway_id: str
    attachments: tuple[VpcAttachment, ...] = ()


class VirtualInterface(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A Direct Connect virtual interface."""

    virtual_interface_id: str
    virtual_interface_type: str = ""
    virtual_interface_state: str = "available"
    virtual_gateway_id: str = ""
    direct_connect_gateway_id: str = ""
    route_filter_prefixes: tuple["AllowedPrefix", ...] = ()


class DirectConnectGateway(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A Direct Connect gateway."""

    direct_connect_gateway_id: str = ""


class AllowedPrefix(msgspec.Struct, frozen=True, kw_only=True):
    """A prefix in a Direct Connect structure."""

    cidr: str


class AssociatedGateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway behind a Direct Connect gateway."""

    id: str = ""
    type: str = ""


class DirectConnectGatewayAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A virtual private or transit gateway behind a Direct Connect gateway."""

    direct_connect_gateway_id: str = ""
    association_state: str = "associated"
    associated_gateway: AssociatedGateway = AssociatedGateway()
    allowed_prefixes_to_direct_connect_gateway: tuple[AllowedPrefix, ...] = ()
