"""Topology: nouns of all accounts and regions joined by id, and what of them was collected.

Several records of one resource from several accounts are one resource (row 65). Of an interface's records the one
that names instance and groups wins (row 64).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeVar

import msgspec

from openinspector.network.aws import noun
from openinspector.network.aws.document import SnapshotDocument, readings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Place = tuple[str, str]
"""Account and region of a document."""
N = TypeVar("N", bound=msgspec.Struct)
_MOST_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Something of a snapshot that could not be read."""

    place: Place
    operation: str
    subject: str
    reason: str


@lru_cache(maxsize=65536)
def parse_network(text: str) -> Network | None:
    """Return the range that ``text`` writes, None if it is not one."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def parse_address(text: str) -> Address | None:
    """Return the address that ``text`` writes, None if it is not one."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def inside(address: Address, text: str) -> bool:
    """Return True if ``address`` is in the range that ``text`` writes."""
    network = parse_network(text)
    return network is not None and address.version == network.version and address in network


def outermost(cidrs: Iterable[str]) -> tuple[str, ...]:
    """Return the ranges that no other of them holds, in order of their addresses."""
    found = {network for text in cidrs if (network := parse_network(text)) is not None}
    kept: list[Network] = []
    for network in sorted(found, key=lambda one: (one.version, int(one[0]), one.prefixlen)):
        if not kept or network.version != kept[-1].version or int(network[0]) > int(kept[-1][-1]):
            kept.append(network)
    return tuple(str(network) for network in kept)


class Topology:
    """All accounts of a snapshot as one network."""

    def __init__(self, documents: Iterable[SnapshotDocument]) -> None:
        self._rows: dict[str, list[tuple[Place, str, msgspec.Struct]]] = defaultdict(list)
        self._collected: set[tuple[Place, str, str]] = set()
        self.places: set[Place] = set()
        self.defects: list[Defect] = []
        for document, reading in readings(iter(documents)):
            place = (document.account, document.region)
            self.places.add(place)
            if not reading.defects:
                self._collected.add((place, document.operation, document.subject))
            self.defects += [
                Defect(place=place, operation=document.operation, subject=document.subject, reason=reason)
                for reason in reading.defects
            ]
            rows = self._rows[document.operation]
            rows += [(place, document.subject, item) for item in reading.items]
        self._referable: dict[str, frozenset[str]] = {}
        self._join_network()
        self._join_filters()
        self._join_gateways()
        self._join_balancers()

    def _join_network(self) -> None:
        self.vpcs = {v.vpc_id: v for v in self._all("ec2-describe-vpcs", noun.Vpc)}
        self.vpc_places: dict[str, set[Place]] = defaultdict(set)
        for place, _, vpc in self._placed("ec2-describe-vpcs", noun.Vpc):
            self.vpc_places[vpc.vpc_id].add(place)
        self.subnets = {s.subnet_id: s for s in self._all("ec2-describe-subnets", noun.Subnet)}
        self.subnets_of: dict[str, list[noun.Subnet]] = defaultdict(list)
        for subnet in self.subnets.values():
            self.subnets_of[subnet.vpc_id].append(subnet)
        self.instances: dict[str, noun.Instance] = {}
        self._instance_places: set[Place] = set()
        for place, _, reservation in self._placed("ec2-describe-instances", noun.Reservation):
            self._instance_places.add(place)
            self.instances |= {instance.instance_id: instance for instance in reservation.instances}
        self.interfaces: dict[str, noun.Eni] = {}
        for interface in self._all("ec2-describe-network-interfaces", noun.Eni):
            known = self.interfaces.get(interface.network_interface_id)
            if known is None or _completeness(interface) > _completeness(known):
                self.interfaces[interface.network_interface_id] = interface
        for place, _, interface in self._placed("ec2-describe-network-interfaces", noun.Eni):
            self.vpc_places[interface.vpc_id].add(place)
        self._join_addresses()

    def _join_addresses(self) -> None:
        self.by_private: dict[tuple[str, str], noun.Eni] = {}
        self.by_public: dict[str, tuple[noun.Eni, str]] = {}
        self.owners: dict[str, list[noun.Eni]] = defaultdict(list)
        self.of_instance: dict[str, list[noun.Eni]] = defaultdict(list)
        self.members: dict[str, list[noun.Eni]] = defaultdict(list)
        self.interfaces_of: dict[str, list[noun.Eni]] = defaultdict(list)
        for interface in self.interfaces.values():
            self.interfaces_of[interface.vpc_id].append(interface)
            for group in interface.groups:
                self.members[group.group_id].append(interface)
            if interface.attachment and interface.attachment.instance_id:
                self.of_instance[interface.attachment.instance_id].append(interface)
            for private in private_addresses(interface):
                self.by_private[interface.vpc_id, private] = interface
                self.owners[private].append(interface)
                public = public_of(interface, private)
                if public:
                    self.by_public[public] = (interface, private)
        own = {parsed for text in (*self.by_public, *self.owners) if (parsed := parse_address(text))}
        self._own_public = {
            version: frozenset(int(one) for one in own if one.version == version and one.is_global)
            for version in (4, 6)
        }

    def own_public(self, version: int) -> frozenset[int]:
        """Return the public addresses of the network's interfaces as numbers; all of IPv6 that are not private."""
        return self._own_public[version]

    def _join_filters(self) -> None:
        self.groups: dict[str, noun.SecurityGroup] = {}
        for group in self._all("ec2-describe-security-groups", noun.SecurityGroup):
            self.groups.setdefault(group.group_id, group)
        self.acl_of: dict[str, noun.NetworkAcl] = {}
        self.default_acl: dict[str, noun.NetworkAcl] = {}
        for acl in self._all("ec2-describe-network-acls", noun.NetworkAcl):
            if acl.is_default:
                self.default_acl[acl.vpc_id] = acl
            for association in acl.associations:
                self.acl_of[association.subnet_id] = acl
        self._join_route_tables()
        self._join_prefix_lists()

    def _join_route_tables(self) -> None:
        self.table_of: dict[str, noun.RouteTable] = {}
        self.main_table: dict[str, noun.RouteTable] = {}
        for table in self._all("ec2-describe-route-tables", noun.RouteTable):
            for route_association in table.associations:
                if route_association.main:
                    self.main_table[table.vpc_id] = table
                elif route_association.subnet_id or route_association.gateway_id:
                    self.table_of[route_association.subnet_id or route_association.gateway_id] = table

    def _join_prefix_lists(self) -> None:
        self.prefix_lists: dict[str, tuple[str, ...]] = {
            p.prefix_list_id: p.cidrs for p in self._all("ec2-describe-prefix-lists", noun.PrefixList)
        }
        managed: dict[str, list[str]] = defaultdict(list)
        for _, subject, entry in self._placed("ec2-get-managed-prefix-list-entries", noun.PrefixListEntry):
            managed[subject].append(entry.cidr)
        self.prefix_lists.update({subject: tuple(cidrs) for subject, cidrs in managed.items()})
        for _, operation, subject in self._collected:
            if operation == "ec2-get-managed-prefix-list-entries":
                self.prefix_lists.setdefault(subject, ())

    def _join_gateways(self) -> None:
        self.internet_gateways = {
            g.internet_gateway_id: g for g in self._all("ec2-describe-internet-gateways", noun.InternetGateway)
        }
        self.nat_gateways = {g.nat_gateway_id: g for g in self._all("ec2-describe-nat-gateways", noun.NatGateway)}
        self.nat_of_interface = {
            a.network_interface_id: g for g in self.nat_gateways.values() for a in g.nat_gateway_addresses
        }
        self.vpn_gateways = {g.vpn_gateway_id: g for g in self._all("ec2-describe-vpn-gateways", noun.VpnGateway)}
        self.vpn_connections = {
            c.vpn_connection_id: c
            for c in self._all("ec2-describe-vpn-connections", noun.VpnConnection)
            if c.state not in {"deleted", "deleting"}
        }
        self.virtual_interfaces = {
            v.virtual_interface_id: v
            for v in self._all("directconnect-describe-virtual-interfaces", noun.VirtualInterface)
        }
        self.dx_gateways = {
            one.direct_connect_gateway_id
            for one in self._all("directconnect-describe-direct-connect-gateways", noun.DirectConnectGateway)
        }
        self.dx_associations = self._all(
            "directconnect-describe-direct-connect-gateway-associations", noun.DirectConnectGatewayAssociation
        )
        self.peerings = {
            p.vpc_peering_connection_id: p
            for p in self._all("ec2-describe-vpc-peering-connections", noun.VpcPeeringConnection)
        }
        self.endpoints = {e.vpc_endpoint_id: e for e in self._all("ec2-describe-vpc-endpoints", noun.VpcEndpoint)}
        self.endpoint_of_interface = {i: e for e in self.endpoints.values() for i in e.network_interface_ids}
        self.transit_gateways = {
            g.transit_gateway_id: g for g in self._all("ec2-describe-transit-gateways", noun.TransitGateway)
        }
        self.tgw_attachments: dict[str, list[noun.TgwAttachment]] = defaultdict(list)
        for attachment in self._all("ec2-describe-transit-gateway-attachments", noun.TgwAttachment):
            same = self.tgw_attachments[attachment.transit_gateway_attachment_id]
            if attachment not in same:
                same.append(attachment)
        self.tgw_vpc_attachments = {
            a.transit_gateway_attachment_id: a
            for a in self._all("ec2-describe-transit-gateway-vpc-attachments", noun.TgwVpcAttachment)
        }
        self.tgw_routes = self._grouped("ec2-search-transit-gateway-routes", noun.TgwRoute)
        self.tgw_propagations = self._grouped("ec2-get-transit-gateway-route-table-propagations", noun.TgwPropagation)

    def _join_balancers(self) -> None:
        self.balancers = {b.load_balancer_arn: b for b in self._all("elbv2-describe-load-balancers", noun.LoadBalancer)}
        self.classic_balancers = {
            b.load_balancer_name: b for b in self._all("elb-describe-load-balancers", noun.ClassicLoadBalancer)
        }
        self.listeners = self._grouped("elbv2-describe-listeners", noun.Listener)
        self.balancer_attributes = self._grouped("elbv2-describe-load-balancer-attributes", noun.KeyValue)
        self.target_groups = {
            g.target_group_arn: g for g in self._all("elbv2-describe-target-groups", noun.TargetGroup)
        }
        self.listener_rules = self._grouped("elbv2-describe-rules", noun.ListenerRule)
        self.target_group_attributes = self._grouped("elbv2-describe-target-group-attributes", noun.KeyValue)
        self.targets = self._grouped("elbv2-describe-target-health", noun.TargetHealth)
        self.block_public_access = {
            place: options
            for place, _, options in self._placed(
                "ec2-describe-vpc-block-public-access-options", noun.BlockPublicAccessOptions
            )
        }
        self.block_exclusions = self._all(
            "ec2-describe-vpc-block-public-access-exclusions", noun.BlockPublicAccessExclusion
        )
        self.elastic_addresses = {a.public_ip: a for a in self._all("ec2-describe-addresses", noun.ElasticAddress)}

    def _placed(self, operation: str, kind: type[N]) -> Iterator[tuple[Place, str, N]]:
        for place, subject, item in self._rows[operation]:
            if isinstance(item, kind):
                yield place, subject, item

    def _all(self, operation: str, kind: type[N]) -> list[N]:
        return [item for _, _, item in self._placed(operation, kind)]

    def _grouped(self, operation: str, kind: type[N]) -> dict[str, list[N]]:
        grouped: dict[str, list[N]] = defaultdict(list)
        for _, subject, item in self._placed(operation, kind):
            if item not in grouped[subject]:
                grouped[subject].append(item)
        return grouped

    def missing(self, operation: str, vpc_id: str = "", subject: str = "") -> str:
        """Return why an answer of ``operation`` is not known for a VPC's places; "" if it was collected in one.

        Of a shared VPC only its owner sees everything (row 64): without its answer, what is absent is not known.
        """
        places = self.vpc_places.get(vpc_id) or self.places
        owner = "" if subject else self._owner_elsewhere(vpc_id, places)
        if not owner and any((place, operation, subject) in self._collected for place in places):
            return ""
        if owner:
            call, (_, region) = operation.replace("-", " ", 1), min(places)
            return f"{call} was not collected in {region} of {owner}, which owns {vpc_id}"
        return self._why_missing(places, operation, subject)

    def _why_missing(self, places: Collection[Place], operation: str, subject: str) -> str:
        account, region = min(places, default=("?", "?"))
        call = operation.replace("-", " ", 1) + (f" {subject}" if subject else "")
        for defect in self.defects:
            if defect.place in places and defect.operation == operation and defect.subject in {"", subject}:
                account, region = defect.place
                return f"{call} in {region} of {account} cannot be read: {defect.reason}"
        return f"{call} was not collected in {region} of {account}"

    def _owner_elsewhere(self, vpc_id: str, places: Iterable[Place]) -> str:
        """Return the account that owns a VPC if no place is of it; "" for a folder that is not named by an account."""
        owner = self.vpcs[vpc_id].owner_id if vpc_id in self.vpcs else ""
        known = any(account == owner or not account.isdecimal() for account, _ in places)
        return "" if known else owner

    def members_missing(self, group_id: str) -> str:
        """Return why the members of a security group are not known; "" if they are."""
        group = self.groups.get(group_id)
        if group is not None:
            return self.missing("ec2-describe-network-interfaces", group.vpc_id)
        return "" if self.members.get(group_id) else f"{group_id}: its members are not in the snapshot"

    def interfaces_missing(self, instance_id: str) -> str:
        """Return why the interfaces of an instance are not known; "" if it is not in the snapshot or has none."""
        instance = self.instances.get(instance_id)
        return self.missing("ec2-describe-network-interfaces", instance.vpc_id) if instance else ""

    def unread_regions(self) -> Iterator[tuple[Place, str]]:
        """Yield the regions whose interfaces are not known although something there has some, each with the reason."""
        operation = "ec2-describe-network-interfaces"
        needed = {place for vpc in self.vpc_places.values() for place in vpc} | self._instance_places
        needed |= {defect.place for defect in self.defects if defect.operation == operation}
        for place in sorted(needed):
            if (place, operation, "") not in self._collected:
                yield place, self._why_missing({place}, operation, "")

    def placed(self, reason: str, vpc_id: str) -> str:
        """Return a reason with the region and account of a VPC."""
        account, region = min(self.vpc_places.get(vpc_id, ()), default=("?", "?"))
        return f"{reason} (in {region} of {account})"

    def located(self, reason: str) -> str:
        """Return a reason that names at least one region: the one that it names already, or all that were read."""
        if any(region in reason for _, region in self.places):
            return reason
        named = ", ".join(f"{region} of {account}" for account, region in sorted(self.places)[:_MOST_PLACES])
        more = len(self.places) - _MOST_PLACES
        return f"{reason} (read: {named or 'no region'}{f' and {more} more' if more > 0 else ''})"

    def referable(self, vpc_id: str) -> frozenset[str]:
        """Return the other VPCs whose members a security group of ``vpc_id`` may name (rows 3, 5, 6)."""
        if vpc_id not in self._referable:
            self._referable[vpc_id] = frozenset(self._joined_by_peering(vpc_id)) | self._joined_by_transit(vpc_id)
        return self._referable[vpc_id]

    def _joined_by_peering(self, vpc_id: str) -> Iterator[str]:
        for peering in self.peerings.values():
            sides = (peering.requester_vpc_info, peering.accepter_vpc_info)
            ids = tuple(side.vpc_id for side in sides)
            if vpc_id in ids and peering.status.code in {"active", ""} and sides[0].region == sides[1].region:
                yield ids[1] if ids[0] == vpc_id else ids[0]

    def _joined_by_transit(self, vpc_id: str) -> set[str]:
        enabled = [
            attachment
            for attachment in self.tgw_vpc_attachments.values()
            if attachment.options.security_group_referencing_support == "enable"
        ]
        gateways = {a.transit_gateway_id for a in enabled if a.vpc_id == vpc_id}
        return {a.vpc_id for a in enabled if a.transit_gateway_id in gateways} - {vpc_id}

    def acl(self, subnet: noun.Subnet) -> noun.NetworkAcl | None:
        """Return the ACL of a subnet: its own, else the default of its VPC (row 15)."""
        return self.acl_of.get(subnet.subnet_id) or self.default_acl.get(subnet.vpc_id)

    def route_table(self, subnet: noun.Subnet) -> noun.RouteTable | None:
        """Return the route table of a subnet: its own, else the main one of its VPC (row 19)."""
        return self.table_of.get(subnet.subnet_id) or self.main_table.get(subnet.vpc_id)

    def destinations(self, route: noun.Route) -> tuple[str, ...]:
        """Return the ranges that a route is for; none if its prefix list is not known."""
        if route.destination_prefix_list_id:
            return self.prefix_lists.get(route.destination_prefix_list_id, ())
        return (route.destination_cidr_block or route.destination_ipv6_cidr_block,)

    def vpc_ranges(self, vpc_id: str) -> tuple[str, ...]:
        """Return the associated ranges of a VPC, IPv4 and IPv6 (row 26)."""
        vpc = self.vpcs.get(vpc_id)
        if vpc is None:
            return ()
        four = [c.cidr_block for c in vpc.cidr_block_association_set if c.cidr_block_state.state in {"", "associated"}]
        six = [
            c.ipv6_cidr_block
            for c in vpc.ipv6_cidr_block_association_set
            if c.ipv6_cidr_block_state.state in {"", "associated"}
        ]
        return (*(four or [vpc.cidr_block]), *six)

    def in_vpc(self, vpc_id: str, address: Address) -> bool:
        """Return True if the address is in a range of the VPC."""
        return any(inside(address, text) for text in self.vpc_ranges(vpc_id))

    def subnet_at(self, vpc_id: str, address: Address) -> noun.Subnet | None:
        """Return the subnet of a VPC whose range holds the address."""
        return next((s for s in self.subnets_of[vpc_id] if in_subnet(s, address)), None)

    def gateway_of(self, vpc_id: str) -> noun.InternetGateway | None:
        """Return the internet gateway attached to a VPC."""
        return next((g for g in self.internet_gateways.values() if attached(g, vpc_id)), None)


def attached(gateway: noun.InternetGateway | noun.EgressOnlyInternetGateway, vpc_id: str) -> bool:
    """Return True if an internet gateway is attached to the VPC."""
    return any(a.vpc_id == vpc_id and a.state in {"available", "attached"} for a in gateway.attachments)


def in_subnet(subnet: noun.Subnet, address: Address) -> bool:
    """Return True if the address is in a range of the subnet."""
    ranges = [subnet.cidr_block, *(c.ipv6_cidr_block for c in subnet.ipv6_cidr_block_association_set)]
    return any(inside(address, text) for text in ranges)


def private_addresses(interface: noun.Eni) -> list[str]:
    """Return the addresses an interface carries itself: private IPv4, the primary one first, and IPv6."""
    four = [a.private_ip_address for a in sorted(interface.private_ip_addresses, key=lambda a: not a.primary)]
    four = four or ([interface.private_ip_address] if interface.private_ip_address else [])
    return four + [a.ipv6_address for a in interface.ipv6_addresses]


def public_of(interface: noun.Eni, private: str) -> str:
    """Return the public IPv4 address associated with a private one, "" if absent (row 27)."""
    by_private = {
        one.private_ip_address: one.association.public_ip for one in interface.private_ip_addresses if one.association
    }
    if by_private:
        return by_private.get(private, "")
    # Some answers name the association of the primary address at the interface alone.
    if interface.association and interface.private_ip_address == private:
        return interface.association.public_ip
    return ""


def instance_of(interface: noun.Eni) -> str:
    """Return the id of the instance an interface is attached to, "" for none."""
    return interface.attachment.instance_id if interface.attachment else ""


def is_balancer(interface: noun.Eni) -> bool:
    """Return True if a load balancer owns the interface."""
    return interface.description.startswith("ELB ")


def is_classic_balancer(interface: noun.Eni) -> bool:
    """Return True if a Classic Load Balancer owns the interface."""
    return is_balancer(interface) and "/" not in interface.description


def _completeness(interface: noun.Eni) -> tuple[bool, bool]:
    return bool(instance_of(interface)), bool(interface.groups)
