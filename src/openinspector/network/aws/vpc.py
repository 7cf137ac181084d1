"""VPCs, subnets, interfaces, instances and what filters and routes inside a VPC."""

import msgspec


class Noun(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One AWS resource or a part of one."""


class State(Noun, frozen=True):
    """A state in a structure of its own, such as CidrBlockState."""

    state: str = ""
    name: str = ""
    code: str | int = ""


class CidrAssociation(Noun, frozen=True):
    """One IPv4 or IPv6 range of a VPC or subnet."""

    cidr_block: str = ""
    ipv6_cidr_block: str = ""
    cidr_block_state: State = State()
    ipv6_cidr_block_state: State = State()


class Vpc(Noun, frozen=True):
    """A VPC and its ranges."""

    vpc_id: str
    owner_id: str = ""
    cidr_block: str = ""
    cidr_block_association_set: tuple[CidrAssociation, ...] = ()
    ipv6_cidr_block_association_set: tuple[CidrAssociation, ...] = ()


class Subnet(Noun, frozen=True):
    """A subnet of one zone."""

    subnet_id: str
    vpc_id: str
    cidr_block: str = ""
    availability_zone: str = ""
    availability_zone_id: str = ""
    ipv6_cidr_block_association_set: tuple[CidrAssociation, ...] = ()

    @property
    def zone(self) -> str:
        """Return the zone: its id, which means the same in every account, else its name."""
        return self.availability_zone_id or self.availability_zone


class GroupName(Noun, frozen=True):
    """A reference to a security group."""

    group_id: str
    group_name: str = ""


class PublicAddress(Noun, frozen=True):
    """The public address of a private one."""

    public_ip: str = ""
    carrier_ip: str = ""


class PrivateAddress(Noun, frozen=True):
    """One private IPv4 address of an interface."""

    private_ip_address: str
    primary: bool = False
    association: PublicAddress | None = None


class Ipv6Address(Noun, frozen=True):
    """One IPv6 address of an interface."""

    ipv6_address: str


class Attachment(Noun, frozen=True):
    """The instance that an interface is attached to."""

    instance_id: str = ""
    instance_owner_id: str = ""
    device_index: int = 0
    status: str = ""


class Eni(Noun, frozen=True):
    """An elastic network interface."""

    network_interface_id: str
    subnet_id: str = ""
    vpc_id: str = ""
    availability_zone: str = ""
    description: str = ""
    interface_type: str = "interface"
    status: str = "in-use"
    private_ip_address: str = ""
    private_ip_addresses: tuple[PrivateAddress, ...] = ()
    ipv6_addresses: tuple[Ipv6Address, ...] = ()
    groups: tuple[GroupName, ...] = ()
    attachment: Attachment | None = None
    association: PublicAddress | None = None
    source_dest_check: bool = True
    deny_all_igw_traffic: bool = False


class ResourceTag(Noun, frozen=True):
    """A tag."""

    key: str
    value: str = ""


class Instance(Noun, frozen=True):
    """An EC2 instance."""

    instance_id: str
    vpc_id: str = ""
    image_id: str = ""
    state: State = State()
    tags: tuple[ResourceTag, ...] = ()


class Reservation(Noun, frozen=True):
    """Instances that were started together."""

    instances: tuple[Instance, ...] = ()


class IpRange(Noun, frozen=True):
    """An IPv4 peer of a security group rule."""

    cidr_ip: str


class Ipv6Range(Noun, frozen=True):
    """An IPv6 peer of a security group rule."""

    cidr_ipv6: str = msgspec.field(name="CidrIpv6")


class PrefixListName(Noun, frozen=True):
    """A prefix list as the peer of a rule."""

    prefix_list_id: str


class Permission(Noun, frozen=True):
    """Rules of a security group that share protocol and ports."""

    ip_protocol: str = "-1"
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: tuple[IpRange, ...] = ()
    ipv6_ranges: tuple[Ipv6Range, ...] = ()
    prefix_list_ids: tuple[PrefixListName, ...] = ()
    user_id_group_pairs: tuple[GroupName, ...] = ()


class SecurityGroup(Noun, frozen=True):
    """A security group: allow rules of both directions."""

    group_id: str
    group_name: str = ""
    vpc_id: str = ""
    ip_permissions: tuple[Permission, ...] = ()
    ip_permissions_egress: tuple[Permission, ...] = ()


class PortRange(Noun, frozen=True):
    """Ports of an ACL entry, both bounds included."""

    from_: int = msgspec.field(name="From", default=0)
    to: int = 65535


class IcmpTypeCode(Noun, frozen=True):
    """ICMP type and code of an ACL entry; -1 means all."""

    type: int = -1
    code: int = -1


class AclEntry(Noun, frozen=True):
    """One numbered entry of a network ACL."""

    rule_number: int
    egress: bool
    rule_action: str
    protocol: str = "-1"
    cidr_block: str = ""
    ipv6_cidr_block: str = ""
    port_range: PortRange | None = None
    icmp_type_code: IcmpTypeCode | None = None


class SubnetAssociation(Noun, frozen=True):
    """Which subnet (or gateway) an ACL or route table serves."""

    subnet_id: str = ""
    gateway_id: str = ""
    main: bool = False


class NetworkAcl(Noun, frozen=True):
    """A network ACL."""

    network_acl_id: str
    vpc_id: str = ""
    is_default: bool = False
    associations: tuple[SubnetAssociation, ...] = ()
    entries: tuple[AclEntry, ...] = ()


class Route(Noun, frozen=True):
    """One route of a subnet's or gateway's table."""

    destination_cidr_block: str = ""
    destination_ipv6_cidr_block: str = ""
    destination_prefix_list_id: str = ""
    gateway_id: str = ""
    nat_gateway_id: str = ""
    egress_only_internet_gateway_id: str = ""
    transit_gateway_id: str = ""
    vpc_peering_connection_id: str = ""
    network_interface_id: str = ""
    instance_id: str = ""
    local_gateway_id: str = ""
    carrier_gateway_id: str = ""
    core_network_arn: str = ""
    state: str = "active"
    origin: str = ""

    @property
    def target(self) -> str:
        """Return the id of what the route points to, "" for a target that this model does not know."""
        return (
            self.gateway_id
            or self.nat_gateway_id
            or self.egress_only_internet_gateway_id
            or self.transit_gateway_id
            or self.vpc_peering_connection_id
            or self.network_interface_id
            or self.instance_id
            or self.local_gateway_id
            or self.carrier_gateway_id
            or self.core_network_arn
        )


class RouteTable(Noun, frozen=True):
    """A route table of a VPC."""

    route_table_id: str
    vpc_id: str = ""
    associations: tuple[SubnetAssociation, ...] = ()
    routes: tuple[Route, ...] = ()
