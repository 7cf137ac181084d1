"""Walk: one way of one flow, hop by hop, from a source to where it ends; all destination ports at once.

The first packet meets security groups and network ACLs, its answer meets ACLs only (rows 2, 13). A fact that the
snapshot lacks is noted once and the walk goes on where it can: a filter behind it may still say no for certain.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from openinspector.network.answer import Action, Block, Direction, Hop, Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.packet_filter import TCP, UDP, FilterVerdict, Packet, judge_acl, judge_groups
from openinspector.network.route import Found, find_route
from openinspector.network.topology import (
    Address,
    Topology,
    in_subnet,
    inside,
    instance_of,
    is_classic_balancer,
    parse_network,
    private_addresses,
)

IPV4: Final = 4
_MOST_HOPS: Final = 100
_RESOLVER: Final = (frozenset({TCP, UDP}), 53)
_VPC_SERVICES: Final[Mapping[str, tuple[frozenset[int], int]]] = MappingProxyType(
    {
        "169.254.169.253": _RESOLVER,
        "fd00:ec2::253": _RESOLVER,
        "169.254.169.254": (frozenset({TCP}), 80),
        "fd00:ec2::254": (frozenset({TCP}), 80),
        "169.254.169.123": (frozenset({UDP}), 123),
        "fd00:ec2::123": (frozenset({UDP}), 123),
    }
)
"""Resolver, instance metadata and time of every VPC: protocols and port."""


class Stopped(Exception):  # noqa: N818 - an outcome of the walk, not an error
    """The flow ends here: blocked, or not known any further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a walk ended: an interface, the internet, a network on premises or a service's endpoint."""

    kind: str
    packet: Packet
    interface: noun.Eni | None = None
    gateway: str = ""


Exit = Callable[["Walk", noun.Subnet, Packet, noun.Route], End]


@dataclass(slots=True, kw_only=True)
class Walk:
    """One way of a flow. ``run`` methods return its end or raise ``Stopped`` with ``block`` or ``not_known`` set."""

    topology: Topology
    exits: "Mapping[str, Exit]"
    """How to leave by a gateway of a kind (`tgw`, `vgw`) that judges the subnet's ACL itself."""
    gateways: "Mapping[str, Exit]" = field(default_factory=dict)
    """How to leave by a gateway of a kind (`igw`, `nat`) behind the subnet's ACL."""
    direction: Direction = Direction.THERE
    leg: Leg = Leg.INTERNET
    hops: list[Hop] = field(default_factory=list)
    block: Block | None = None
    not_known: NotKnown | None = None
    assumptions: list[str] = field(default_factory=list)
    translations: dict[str, Address] = field(default_factory=dict)
    """Private address of a NAT gateway to the source it stands for."""
    references: bool = True
    """False once the packet has passed a middlebox or another region (rows 5, 6)."""
    origin: noun.Eni | None = None
    """The interface that sent the packet."""
    balancer: noun.Eni | None = None
    """The node of a load balancer that passed the packet on with the client's address: its groups may be named."""
    home: str = ""
    """The gateway behind which the flow started: an answer that reaches it is home."""

    # Notes

    def hop(self, resource: str, kind: str, action: Action = Action.FORWARD, **more: str) -> None:
        """Note a hop; routes that run in a circle lead nowhere."""
        if len(self.hops) >= _MOST_HOPS:
            raise self.stop("NO_PATH", resource)
        self.hops.append(Hop(resource=resource, kind=kind, action=action, **more))

    def stop(self, code: str, resource: str, *, rule: str = "", route: str = "") -> Stopped:
        """Note the filter that stops the flow; raise what this returns."""
        self.block = Block(code=code, resource=resource, direction=self.direction, rule=rule, route=route)
        return Stopped()

    def lack(self, resource: str, reason: str) -> Stopped:
        """Note a fact that is not known; raise what this returns where the walk cannot go on."""
        if self.not_known is None:
            self.not_known = self.lacking(resource, reason)
        return Stopped()

    def lacking(self, resource: str, reason: str) -> NotKnown:
        """Return a fact that is not known on this leg."""
        return NotKnown(resource=resource, reason=self.topology.located(reason), exclusion=self.leg)

    def assume(self, text: str) -> None:
        """Note an assumption once."""
        if text not in self.assumptions:
            self.assumptions.append(text)

    # Filters

    def pass_groups(self, interface: noun.Eni, packet: Packet, *, egress: bool) -> Packet:
        """Return the packet with the ports that the interface's security groups let pass."""
        if self.direction is Direction.BACK:
            return packet
        groups = tuple(group.group_id for group in interface.groups)
        name = interface.network_interface_id
        if not groups:
            if interface.interface_type == "interface" and not interface.description.startswith("ELB "):
                self.lack(name, f"the security groups of {name} are in another account's snapshot")
            return packet
        members = self._members(interface.vpc_id, packet, egress=egress) if self.references else None
        verdict = judge_groups(self.topology, groups, packet, egress=egress, members=members)
        return self._passed(verdict, packet, ",".join(groups), "ENI_SG_RULES_MISMATCH", "security-group")

    def _members(self, vpc_id: str, packet: Packet, *, egress: bool) -> list[noun.Eni]:
        """Return the interfaces that a group reference may mean: same VPC or one that references reach (row 3)."""
        peer = str(packet.destination if egress else packet.source)
        if not egress and self.origin is not None and peer in private_addresses(self.origin):
            return [self.origin]
        node = [self.balancer] if self.balancer is not None and not egress else []
        own = self.topology.by_private.get((vpc_id, peer))
        if own is not None:
            return [own, *node]
        joined = self.topology.referable(vpc_id)
        return [*node, *(one for one in self.topology.owners.get(peer, ()) if one.vpc_id in joined)]

    def pass_acl(
        self, subnet: noun.Subnet, packet: Packet, *, egress: bool, code: str = "SUBNET_ACL_RESTRICTION"
    ) -> Packet:
        """Return the packet with the ports that the subnet's network ACL lets pass."""
        acl = self.topology.acl(subnet)
        if acl is None:
            why = self.topology.missing("ec2-describe-network-acls", subnet.vpc_id)
            self.lack(subnet.subnet_id, why or f"no network ACL of {subnet.subnet_id} is in the snapshot")
            return packet
        verdict = judge_acl(acl, packet, egress=egress)
        way = "egress" if egress else "ingress"
        verdict = replace(verdict, rule=f"{way}/{verdict.rule or '*'}")
        return self._passed(verdict, packet, acl.network_acl_id, code, "network-acl")

    def _passed(self, verdict: FilterVerdict, packet: Packet, resource: str, code: str, kind: str) -> Packet:
        if verdict.unknown:
            self.lack(resource, verdict.unknown)
            return packet
        if not verdict.ports:
            raise self.stop(code, resource, rule=verdict.rule)
        self.hop(resource, kind, Action.ALLOW, rule=verdict.rule)
        return replace(packet, ports=verdict.ports)

    # Starts

    def from_interface(self, interface: noun.Eni, packet: Packet) -> End:
        """Leave an interface."""
        source = instance_of(interface)
        self.hop(source or interface.network_interface_id, "instance" if source else "interface")
        if self.direction is Direction.THERE:
            self._check_sender(interface, packet)
        owners = self.topology.owners.get(str(packet.destination), ())
        own = next((other for other in owners if source and instance_of(other) == source), None)
        if own is not None:
            self.hop(source, "instance", Action.DELIVER, address=str(packet.destination))
            return End(kind="interface", packet=packet, interface=own)
        self.origin = interface
        subnet = self.subnet(interface)
        if self._is_vpc_service(subnet.vpc_id, packet.destination):
            return self._to_vpc_service(packet)
        packet = self.pass_groups(interface, packet, egress=True)
        if in_subnet(subnet, packet.destination):
            packet = self._pass_classic_balancer(subnet, interface, packet)
        return self.from_subnet(subnet, packet)

    def _check_sender(self, interface: noun.Eni, packet: Packet) -> None:
        """Stop if the interface cannot send: it is down, or the source address is another's (rows 24, 34)."""
        self._check_state(interface)
        if interface.source_dest_check and str(packet.source) not in private_addresses(interface):
            raise self.stop("ENI_SOURCE_DEST_CHECK_RESTRICTION", interface.network_interface_id)

    def _is_vpc_service(self, vpc_id: str, address: Address) -> bool:
        vpc = self.topology.vpcs.get(vpc_id)
        block = parse_network(vpc.cidr_block) if vpc else None
        resolver = block is not None and block.version == address.version and address == block[0] + 2
        return resolver or str(address) in _VPC_SERVICES

    def _to_vpc_service(self, packet: Packet) -> End:
        """Reach resolver, metadata or time: neither groups nor ACLs filter them (row 11)."""
        protocols, port = _VPC_SERVICES.get(str(packet.destination), _RESOLVER)
        name = str(packet.destination)
        ports = packet.ports & (1 << port)
        if packet.protocol not in protocols or not ports:
            raise self.stop("TARGET_PORT_RESTRICTION", name)
        self.hop(name, "vpc-service", Action.DELIVER, address=name)
        return End(kind="vpc-service", packet=replace(packet, ports=ports))

    def _pass_classic_balancer(self, subnet: noun.Subnet, sender: noun.Eni, packet: Packet) -> Packet:
        """Judge the ACL between a Classic Load Balancer and a host of its own subnet (row 58)."""
        receiver = self.topology.by_private.get((subnet.vpc_id, str(packet.destination)))
        if not any(one is not None and is_classic_balancer(one) for one in (sender, receiver)):
            return packet
        packet = self.pass_acl(subnet, packet, egress=True, code="ELB_ACL_RESTRICTION")
        return self.pass_acl(subnet, packet, egress=False, code="ELB_ACL_RESTRICTION")

    def subnet(self, interface: noun.Eni) -> noun.Subnet:
        """Return the subnet of an interface."""
        subnet = self.topology.subnets.get(interface.subnet_id)
        if subnet is None:
            why = self.topology.missing("ec2-describe-subnets", interface.vpc_id)
            raise self.lack(interface.subnet_id, why or f"{interface.subnet_id} is not in the snapshot")
        return subnet

    def from_subnet(self, subnet: noun.Subnet, packet: Packet) -> End:
        """Leave a subnet by its route table; inside the subnet no ACL is met (row 14)."""
        if in_subnet(subnet, packet.destination):
            return self.deliver(subnet, packet)
        self.hop(subnet.subnet_id, "subnet")
        return self.follow(subnet, packet, self.lookup(subnet, packet.destination))

    def lookup(self, subnet: noun.Subnet, destination: Address) -> Found:
        """Return the route of a subnet's table for an address (rows 19 to 23)."""
        table = self.topology.route_table(subnet)
        if table is None:
            why = self.topology.missing("ec2-describe-route-tables", subnet.vpc_id)
            raise self.lack(subnet.subnet_id, why or f"no route table of {subnet.subnet_id} is in the snapshot")
        found = find_route(table, destination, self.topology.prefix_lists)
        if found is None:
            raise self.stop("NO_ROUTE_TO_DESTINATION", table.route_table_id)
        if found.unknown_list and self._may_decide(table, found, destination):
            raise self.lack(
                found.unknown_list, f"{found.unknown_list}: the entries of the prefix list were not collected"
            )
        if found.route.state == "blackhole":
            raise self.stop("BAD_STATE_ROUTE", table.route_table_id, route=found.prefix)
        return found

    def _may_decide(self, table: noun.RouteTable, found: Found, destination: Address) -> bool:
        """Return True if a prefix list without entries may hold the address.

        Lists of a gateway endpoint hold public addresses of one service: no private one, and not the internet at
        large (row 61).
        """
        hidden = [route for route in table.routes if route.destination_prefix_list_id == found.unknown_list]
        endpoints = [self.topology.endpoints.get(route.target) for route in hidden]
        if not all(one is not None and one.vpc_endpoint_type == "Gateway" for one in endpoints):
            return True
        if not destination.is_global:
            return False
        if self.direction is Direction.BACK:
            self.assume(f"{destination} is not in {found.unknown_list}, whose entries were not collected")
        return self.direction is Direction.THERE

    def in_vpc(self, vpc_id: str, address: Address) -> bool:
        """Return True if the address is in a range of the VPC, which the snapshot must hold."""
        if vpc_id not in self.topology.vpcs:
            why = self.topology.missing("ec2-describe-vpcs", vpc_id)
            raise self.lack(vpc_id, why or f"{vpc_id} is not in the snapshot")
        return self.topology.in_vpc(vpc_id, address)

    def follow(self, subnet: noun.Subnet, packet: Packet, found: Found) -> End:
        """Follow a route out of a subnet."""
        target, route = found.route.target, found.route
        kind = target.split("-")[0]
        if kind in self.exits:
            return self.exits[kind](self, subnet, packet, route)
        packet = self.pass_acl(subnet, packet, egress=True)
        self.hop(subnet.vpc_id, "vpc", route=f"{found.table}/{found.prefix}")
        if target == "local":
            return self.into_subnet(subnet.vpc_id, packet, came_from=subnet)
        if kind in self.gateways:
            return self.gateways[kind](self, subnet, packet, route)
        if kind == "vpce" and route.destination_prefix_list_id:
            self.hop(target, "vpc-endpoint", Action.DELIVER)
            return End(kind="service", packet=packet, gateway=target)
        self._check_appliance(target)
        raise self.lack(target or found.table, f"what {target or 'the target of ' + found.prefix} does is not modelled")

    def _check_appliance(self, target: str) -> None:
        """Stop at an interface that takes no packets for others (row 24)."""
        interface = self.topology.interfaces.get(target)
        if interface is not None:
            self._check_state(interface)
        if interface is not None and interface.source_dest_check and interface.interface_type == "interface":
            raise self.stop("ENI_SOURCE_DEST_CHECK_RESTRICTION", target)

    # Arrivals

    def into_subnet(self, vpc_id: str, packet: Packet, came_from: noun.Subnet | None) -> End:
        """Enter the subnet of the destination inside a VPC."""
        subnet = self.topology.subnet_at(vpc_id, packet.destination)
        if subnet is None:
            why = self.topology.missing("ec2-describe-subnets", vpc_id)
            if why:
                raise self.lack(vpc_id, why)
            raise self.stop("NO_POSSIBLE_DESTINATION", vpc_id)
        self.hop(subnet.subnet_id, "subnet")
        if came_from is None or came_from.subnet_id != subnet.subnet_id:
            packet = self.pass_acl(subnet, packet, egress=False)
        return self.deliver(subnet, packet)

    def deliver(self, subnet: noun.Subnet, packet: Packet) -> End:
        """Reach the interface that carries the destination address."""
        interface = self.topology.by_private.get((subnet.vpc_id, str(packet.destination)))
        if interface is None:
            why = self.topology.missing("ec2-describe-network-interfaces", subnet.vpc_id)
            if why:
                raise self.lack(subnet.subnet_id, why)
            raise self.stop("NO_POSSIBLE_DESTINATION", subnet.subnet_id)
        name = interface.network_interface_id
        nat = self.topology.nat_of_interface.get(name)
        if nat is not None or interface.interface_type == "nat_gateway":
            return self._at_nat_gateway(nat.nat_gateway_id if nat else name, interface, packet)
        instance_id = instance_of(interface)
        endpoint = self.topology.endpoint_of_interface.get(name)
        arrival = len(self.hops)
        if endpoint is not None:
            self.hop(endpoint.vpc_endpoint_id, "vpc-endpoint", address=str(packet.destination))
        elif not interface.description.startswith("ELB "):
            kind = "instance" if instance_id else "interface"
            self.hop(instance_id or name, kind, address=str(packet.destination))
        packet = self.pass_groups(interface, packet, egress=False)
        self._check_state(interface)
        if endpoint is not None:
            packet = self._at_endpoint(endpoint, packet)
        if not interface.description.startswith("ELB "):
            self.hops[arrival] = replace(self.hops[arrival], action=Action.DELIVER)
        return End(kind="interface", packet=packet, interface=interface)

    def _check_state(self, interface: noun.Eni) -> None:
        """Stop at an interface that nothing answers from (row 34)."""
        name, instance_id = interface.network_interface_id, instance_of(interface)
        instance = self.topology.instances.get(instance_id)
        why = self.topology.missing("ec2-describe-instances", interface.vpc_id) if instance_id and not instance else ""
        if why:
            self.lack(instance_id, why)
        if interface.status == "available":
            raise self.stop("BAD_STATE_ATTACHMENT", name)
        if instance and instance.state.name not in {"running", ""}:
            raise self.stop("BAD_STATE", instance_id)
        if interface.interface_type == "transit_gateway":
            raise self.stop("NO_POSSIBLE_DESTINATION", name)

    def _at_endpoint(self, endpoint: noun.VpcEndpoint, packet: Packet) -> Packet:
        if endpoint.service_name.startswith("com.amazonaws.") and "email-smtp" not in endpoint.service_name:
            https = packet.ports & (1 << 443)
            if self.direction is Direction.THERE and (packet.protocol != TCP or not https):
                raise self.stop("TARGET_PORT_RESTRICTION", endpoint.vpc_endpoint_id)
            return packet if self.direction is Direction.BACK else replace(packet, ports=https)
        self.assume(f"the service behind {endpoint.vpc_endpoint_id} answers")
        return packet

    def _at_nat_gateway(self, name: str, interface: noun.Eni, packet: Packet) -> End:
        original = self.translations.get(str(packet.destination))
        self.hop(name, "nat-gateway", Action.TRANSLATE if original else Action.FORWARD)
        if self.direction is Direction.THERE or original is None:
            raise self.stop("NGW_DEST_ADDRESS_PRESERVATION", name)
        return self.from_subnet(self.subnet(interface), replace(packet, destination=original))

    def check_edge_table(self, gateway_id: str, inner: Address) -> None:
        """Judge the gateway route table of an edge association (row 25)."""
        table = self.topology.table_of.get(gateway_id)
        if table is None:
            return
        found = find_route(table, inner, self.topology.prefix_lists)
        if found is None:
            raise self.stop("NO_ROUTE_TO_DESTINATION", table.route_table_id)
        if found.route.state == "blackhole":
            raise self.stop("BAD_STATE_ROUTE", table.route_table_id, route=found.prefix)
        if found.route.target != "local":
            raise self.lack(found.route.target, f"what {found.route.target} does with the packet is not modelled")

    def check_prefix(self, address: Address, cidrs: tuple[str, ...]) -> bool:
        """Return True if one of the ranges holds the address."""
        return any(inside(address, text) for text in cidrs)
