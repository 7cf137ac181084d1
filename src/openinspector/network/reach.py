"""Reach: exact TCP and UDP port sets of an interface from a whole class of sources, all sources and ports at once.

A class of sources is what lies behind one gateway of the interface's route table: the internet, a peered VPC, a
virtual private gateway. Ranges of rules, ACL entries and routes are nested or disjoint. One sweep over them, sorted,
with a stack, cuts the class into atoms: addresses that every filter treats alike. All that does not depend on filters
(gateway, attachment, state, the way of the answer) is asked once an atom's route from ``trace`` on a copy of the
network whose filters are open. ``trace`` is the slow twin of all of this.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Final

from openinspector.network.answer import Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.filter_atoms import Atom, AtomKey, FilterAtoms, GroupRules, cut, prepare
from openinspector.network.packet_filter import TCP
from openinspector.network.port_cells import PortCells
from openinspector.network.route import find_route
from openinspector.network.topology import Address, Topology, parse_address, private_addresses, public_of
from openinspector.network.trace import Flow, Start, trace

_KINDS: Final[Mapping[str, Leg]] = MappingProxyType({"igw": Leg.INTERNET, "pcx": Leg.PEERING, "vgw": Leg.VPN})
_IPV4: Final = 4
_ONE_PORT: Final = 1 << 443
"""Filters aside, all ports go the same way."""
_NO_CELLS: Final = PortCells.between(())
_OPEN_RULES: Final = (
    noun.Permission(ip_ranges=(noun.IpRange(cidr_ip="0.0.0.0/0"),), ipv6_ranges=(noun.Ipv6Range(cidr_ipv6="::/0"),)),
)
_OPEN_ENTRIES: Final = tuple(
    noun.AclEntry(rule_number=1, egress=egress, rule_action="allow", cidr_block=four, ipv6_cidr_block=six)
    for egress in (False, True)
    for four, six in (("0.0.0.0/0", ""), ("", "::/0"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Sources of one atom and the ports that they reach."""

    source: Address
    """One of the sources."""
    cidr: str
    """The range that the sources are in."""
    size: int
    """Number of sources."""
    tcp: tuple[tuple[int, int], ...]
    udp: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """Which ports of one address of an interface a class of sources reaches."""

    interface: str
    address: str
    dialled: Address
    """The address that a source dials: the public one from the internet."""
    gateway: str
    leg: Leg
    cells: PortCells
    atoms: tuple[Atom, ...]
    tcp_cells: int
    udp_cells: int
    not_known: NotKnown | None = None

    @property
    def tcp(self) -> int:
        """Return the TCP ports that some source reaches, as a mask with one bit a port."""
        return self.cells.mask(self.tcp_cells)

    @property
    def udp(self) -> int:
        """Return the UDP ports that some source reaches, as a mask with one bit a port."""
        return self.cells.mask(self.udp_cells)

    @property
    def openings(self) -> Iterator[Opening]:
        """Yield sources and the ports that they reach."""
        ranges = self.cells.ranges
        for atom in self.atoms:
            yield Opening(
                source=atom.source, cidr=atom.cidr, size=atom.size, tcp=ranges(atom.tcp), udp=ranges(atom.udp)
            )


@dataclass(frozen=True, slots=True)
class _Class:
    gateway: str
    leg: Leg


class Reach:
    """Port sets of interfaces of one topology. Interfaces with equal filters share the work."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._open = _with_open_filters(topology)
        self._atoms: dict[tuple[object, ...], FilterAtoms] = {}
        self._groups: dict[tuple[tuple[str, ...], str], GroupRules] = {}
        self._masks: dict[tuple[object, ...], tuple[int, int, tuple[Atom, ...]]] = {}

    def of(self, interface: noun.Eni) -> Iterator[Reachability]:
        """Yield the reachability of every address of an interface from every class of sources."""
        subnet = self._topology.subnets.get(interface.subnet_id)
        table = self._topology.route_table(subnet) if subnet else None
        if subnet is None or table is None:
            yield from self._unjudged(interface)
            return
        targets = dict.fromkeys(route.target for route in table.routes)
        classes = [_Class(t, _KINDS[t.split("-")[0]]) for t in targets if t.split("-")[0] in _KINDS]
        for text in private_addresses(interface):
            for one in classes:
                dialled = parse_address(self._dialled(interface, text, one.leg))
                if dialled is not None:
                    yield self._judge(interface, text, dialled, one)

    def _dialled(self, interface: noun.Eni, private: str, leg: Leg) -> str:
        return public_of(interface, private) if leg is Leg.INTERNET and ":" not in private else private

    def _unjudged(self, interface: noun.Eni) -> Iterator[Reachability]:
        """Yield what is not known of every class if the route table, which names the gateways, is not known."""
        why = self._topology.missing("ec2-describe-route-tables", interface.vpc_id)
        for text, leg in product(private_addresses(interface), _KINDS.values()):
            dialled = parse_address(self._dialled(interface, text, leg))
            if dialled is None:
                continue
            if leg is Leg.INTERNET:
                lacking = self._lacking(dialled, _Class("", leg), None)
            else:
                reason = self._topology.located(why or f"no route table of {interface.subnet_id} is in the snapshot")
                lacking = NotKnown(resource=interface.subnet_id, reason=reason, exclusion=leg)
            yield Reachability(
                interface=interface.network_interface_id,
                address=text,
                dialled=dialled,
                gateway="",
                leg=leg,
                cells=_NO_CELLS,
                atoms=(),
                tcp_cells=0,
                udp_cells=0,
                not_known=lacking,
            )

    def _judge(self, interface: noun.Eni, text: str, dialled: Address, one: _Class) -> Reachability:
        key, atoms = self._cut(interface, dialled.version)
        usable = {}
        lacking: NotKnown | None = None
        for found, sample in atoms.samples.items():
            through = self._through(interface.subnet_id, sample, dialled, one, own=found.own)
            usable[found] = through is True
            lacking = lacking or (through if isinstance(through, NotKnown) else None)
        if not atoms.complete and any(usable.values()):
            asked = (self._lacking(dialled, one, atoms.samples[found]) for found, open_ in usable.items() if open_)
            lacking = lacking or next((lack for lack in asked if lack), None)
        lacking = lacking or self._hidden_route(interface, one)
        choice = frozenset(found for found, open_ in usable.items() if open_)
        tcp, udp, chosen = self._combined((key, choice), atoms, choice)
        return Reachability(
            interface=interface.network_interface_id,
            address=text,
            dialled=dialled,
            gateway=one.gateway,
            leg=one.leg,
            cells=atoms.cells,
            atoms=chosen,
            tcp_cells=tcp,
            udp_cells=udp,
            not_known=lacking,
        )

    def _hidden_route(self, interface: noun.Eni, one: _Class) -> NotKnown | None:
        """Return a lack if a prefix list without entries may send answers to the gateway of a class."""
        table = self._topology.route_table(self._topology.subnets[interface.subnet_id])
        for route in table.routes if table else ():
            listed = route.destination_prefix_list_id
            if listed and route.target == one.gateway and listed not in self._topology.prefix_lists:
                reason = f"{listed}: the entries of the prefix list were not collected"
                return NotKnown(resource=listed, reason=self._topology.located(reason), exclusion=one.leg)
        return None

    def _combined(
        self, key: tuple[object, ...], atoms: FilterAtoms, choice: frozenset[AtomKey]
    ) -> tuple[int, int, tuple[Atom, ...]]:
        found = self._masks.get(key)
        if found is None:
            chosen = tuple(atom for atom in atoms.atoms if atom.key in choice)
            tcp = udp = 0
            for atom in chosen:
                tcp |= atom.tcp
                udp |= atom.udp
            found = self._masks[key] = (tcp, udp, chosen)
        return found

    def _cut(self, interface: noun.Eni, version: int) -> tuple[tuple[object, ...], FilterAtoms]:
        subnet = self._topology.subnets[interface.subnet_id]
        table = self._topology.route_table(subnet)
        acl = self._topology.acl(subnet)
        groups = tuple(sorted(group.group_id for group in interface.groups))
        key = (groups, acl and acl.network_acl_id, table and table.route_table_id, interface.vpc_id, version)
        found = self._atoms.get(key)
        if found is None:
            found = self._atoms[key] = cut(self._topology, interface, version, self._prepared(interface, groups))
        return key, found

    def _prepared(self, interface: noun.Eni, groups: tuple[str, ...]) -> GroupRules:
        known = self._groups.get((groups, "")) or self._groups.get((groups, interface.vpc_id))
        if known is None:
            known = prepare(self._topology, interface)
            self._groups[groups, "" if known.anywhere else interface.vpc_id] = known
        return known

    def _through(self, subnet: str, source: Address, dialled: Address, one: _Class, *, own: bool) -> bool | NotKnown:
        """Return whether sources behind a gateway reach an address and its answer comes home, filters aside."""
        if (one.leg is Leg.INTERNET and (own or not source.is_global)) or self._target(subnet, source) != one.gateway:
            return False
        answer = trace(self._open, replace(self._flow(source, dialled, one), ports=_ONE_PORT))
        if answer.reachable is None and answer.not_known is not None:
            return answer.not_known
        # The answer must leave by the gateway of the class: a table may send part of it elsewhere.
        return answer.reachable is True and any(hop.resource == one.gateway for hop in answer.answer_path)

    def _target(self, subnet: str, source: Address) -> str:
        """Return where an answer to a source leaves the subnet."""
        table = self._topology.route_table(self._topology.subnets[subnet])
        found = find_route(table, source, self._topology.prefix_lists) if table else None
        return found.route.target if found else ""

    def _flow(self, source: Address, dialled: Address, one: _Class) -> Flow:
        start = Start(address=source, gateway="" if one.leg is Leg.INTERNET else one.gateway)
        return Flow(start=start, destination=dialled, protocol=TCP)

    def _lacking(self, dialled: Address, one: _Class, source: Address | None) -> NotKnown | None:
        away = parse_address("8.8.8.8" if dialled.version == _IPV4 else "2600::1")
        asked = source or away
        return trace(self._topology, self._flow(asked, dialled, one)).not_known if asked else None


def _with_open_filters(topology: Topology) -> Topology:
    """Return a copy of a network whose groups and ACLs let everything pass."""
    opened = copy(topology)
    everyone = {g.group_id for i in topology.interfaces.values() for g in i.groups} | set(topology.groups)
    opened.groups = {
        name: noun.SecurityGroup(group_id=name, ip_permissions=_OPEN_RULES, ip_permissions_egress=_OPEN_RULES)
        for name in everyone
    }
    acl = noun.NetworkAcl(network_acl_id="acl-open", entries=_OPEN_ENTRIES)
    opened.acl_of = {}
    opened.default_acl = dict.fromkeys((subnet.vpc_id for subnet in topology.subnets.values()), acl)
    return opened


__all__ = ["Opening", "Reach", "Reachability"]
