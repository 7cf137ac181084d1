"""Atoms: the parts of the address space that groups, ACL and route table of an interface treat alike.

Ranges are nested or disjoint, so one sweep over them sorted by (first, -last) with a stack is enough: what holds for
the top of the stack is the union of all that encloses it. An atom is a range without the ranges inside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from openinspector.network.aws import noun
from openinspector.network.on_premises import sibling_ranges
from openinspector.network.packet_filter import TCP, UDP, protocol_number
from openinspector.network.port_cells import PORTS, PortCells
from openinspector.network.topology import Address, Topology, parse_network, private_addresses

_IPV4: Final = 4
_ALL: Final = -1
_JUDGED: Final = frozenset({_ALL, TCP, UDP})
_EPHEMERAL: Final = (1024, 65535)
SPECIAL_BLOCKS: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/31",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "fc00::/7",
    "fe80::/10",
)
"""Special-purpose blocks (IANA registries, RFC 6890); every bound counts, since the internet is all but these."""
_SPECIAL: Final = {
    4: [one for one in SPECIAL_BLOCKS if "." in one and ":" not in one],
    6: [one for one in SPECIAL_BLOCKS if ":" in one],
}


class AtomKey(NamedTuple):
    """Facts besides filters that decide about the way between an atom's addresses and an interface."""

    route: str
    """The innermost prefix of the route table, or a range in it that the route's gateway refuses to reach."""
    private: bool
    own: bool
    """True if the network's own interfaces have all of the addresses, so that no other host can."""


_NO_KEY: Final = AtomKey("", False, False)


@dataclass(slots=True)
class Atom:
    """Addresses that every filter treats alike, and the ports that pass the filters."""

    version: int
    first: int
    """One of them as a number; one that is not the network's own, if there is any."""
    cidr: str
    """The range that encloses them."""
    size: int
    key: AtomKey
    tcp: int
    udp: int

    @property
    def source(self) -> Address:
        """Return one of the addresses."""
        return IPv4Address(self.first) if self.version == _IPV4 else IPv6Address(self.first)


@dataclass(frozen=True, slots=True)
class GroupRules:
    """Ingress rules of a group set, ready to be cut; interfaces of one VPC with equal groups share them."""

    rules: tuple[tuple[int, int, int, tuple[str, ...]], ...]
    """Protocol number (-1 for all), first and last port, ranges of the peers."""
    complete: bool
    anywhere: bool
    """True if no rule names a group, so that the rules mean the same in every VPC."""


@dataclass(slots=True, kw_only=True)
class FilterAtoms:
    """The atoms that some port passes."""

    cells: PortCells
    complete: bool
    """False if a group, a prefix list or the ACL is not known."""
    own: frozenset[int]
    """Public addresses of the network's interfaces, as numbers."""
    atoms: list[Atom] = field(default_factory=list)
    key: AtomKey = _NO_KEY
    """The key of the last atom, which the next one mostly shares."""
    samples: dict[AtomKey, Address] = field(default_factory=dict)
    """One address for each key of an atom."""


_Entry = tuple[int, bool, int, int, bool]
"""An ACL entry: rule number, True for egress, protocol number (-1 for all), ports as cells, True if it allows."""


@dataclass(slots=True)
class _Rules:
    """The additions of one range: ports of groups, ACL entries, a route prefix."""

    tcp: int = 0
    udp: int = 0
    entries: tuple[_Entry, ...] = ()
    routed: bool = False
    sibling: bool = False
    """True for a range of a VPC that the route's gateway refuses to reach (row 48)."""
    special: bool = False


@dataclass(slots=True)
class _Frame:
    last: int
    cidr: str
    free: int
    """The first address that no inner range has covered so far, after leading addresses of the network itself."""
    tcp: int
    udp: int
    entries: tuple[_Entry, ...]
    passes: tuple[int, int]
    """Ports of TCP and UDP that the ACL lets through, answer included."""
    route: str
    special: bool
    size: int
    owned: int = -1
    """An address of the network itself that ``free`` has passed; -1 if none."""


def cut(topology: Topology, interface: noun.Eni, version: int, groups: GroupRules) -> FilterAtoms:
    """Cut the address space of one IP version by all that filters and routes at an interface."""
    subnet = topology.subnets[interface.subnet_id]
    acl, table = topology.acl(subnet), topology.route_table(subnet)
    entries = acl.entries if acl else ()
    bounds = {rule[1:3] for rule in groups.rules}
    cells = PortCells.between([_EPHEMERAL, *bounds, *(_entry_bounds(entry) for entry in entries)])
    rules: dict[str, _Rules] = {cidr: _Rules(special=True) for cidr in _SPECIAL[version]}
    _add_groups(rules, groups, {pair: cells.of(*pair) for pair in bounds})
    for entry in entries:
        number = protocol_number(entry.protocol)
        if number is None or number not in _JUDGED:
            continue
        ports = cells.everything if number == _ALL else cells.of(*_entry_bounds(entry))
        text = entry.cidr_block or entry.ipv6_cidr_block
        rule = rules.get(text)
        if rule is None:
            rule = rules[text] = _Rules()
        rule.entries += ((entry.rule_number, entry.egress, number, ports, entry.rule_action == "allow"),)
    for route in table.routes if table else ():
        for cidr in topology.destinations(route):
            rules.setdefault(cidr, _Rules()).routed = True
        for cidr in sibling_ranges(topology, route.target):
            rules.setdefault(cidr, _Rules()).sibling = True
    complete = groups.complete and acl is not None
    found = FilterAtoms(cells=cells, complete=complete, own=topology.own_public(version))
    _sweep(found, _by_range(rules, version), version)
    return found


def _add_groups(rules: dict[str, _Rules], groups: GroupRules, sets: Mapping[tuple[int, int], int]) -> None:
    for protocol, first, last, cidrs in groups.rules:
        ports = sets[first, last]
        tcp, udp = ports if protocol != UDP else 0, ports if protocol != TCP else 0
        for cidr in cidrs:
            rule = rules.get(cidr)
            if rule is None:
                rules[cidr] = _Rules(tcp, udp)
            else:
                rule.tcp |= tcp
                rule.udp |= udp


def prepare(topology: Topology, interface: noun.Eni) -> GroupRules:
    """Return the TCP and UDP rules of an interface's groups."""
    permissions, complete = _permissions(topology, interface)
    rules = []
    anywhere = True
    for permission in permissions:
        protocol = protocol_number(permission.ip_protocol)
        if protocol not in _JUDGED:
            continue
        cidrs = tuple([r.cidr_ip for r in permission.ip_ranges])
        if permission.ipv6_ranges or permission.prefix_list_ids or permission.user_id_group_pairs:
            more, known = _more_ranges(topology, interface.vpc_id, permission)
            cidrs += tuple(more)
            complete = complete and known
            anywhere = anywhere and not permission.user_id_group_pairs
        first, last = (0, PORTS - 1) if protocol == _ALL else _bounds(permission)
        rules.append((protocol, first, last, cidrs))
    return GroupRules(tuple(rules), complete, anywhere)


def _permissions(topology: Topology, interface: noun.Eni) -> tuple[list[noun.Permission], bool]:
    groups = [topology.groups.get(name.group_id) for name in interface.groups]
    known = [group for group in groups if group is not None]
    return [p for group in known for p in group.ip_permissions], bool(groups) and len(known) == len(groups)


def _more_ranges(topology: Topology, vpc_id: str, permission: noun.Permission) -> tuple[list[str], bool]:
    """Return the ranges of IPv6, prefix lists and members of groups; False with them if some are not known."""
    cidrs = [r.cidr_ipv6 for r in permission.ipv6_ranges]
    complete = True
    for name in permission.prefix_list_ids:
        listed = topology.prefix_lists.get(name.prefix_list_id)
        complete = complete and listed is not None
        cidrs += listed or ()
    wanted = {pair.group_id for pair in permission.user_id_group_pairs}
    complete = complete and not any(map(topology.members_missing, wanted))
    return [*cidrs, *_members(topology, vpc_id, wanted)], complete


def _members(topology: Topology, vpc_id: str, wanted: set[str]) -> Iterator[str]:
    joined = topology.referable(vpc_id)
    for group in wanted:
        for interface in topology.members.get(group, ()):
            for text in private_addresses(interface):
                own = interface.vpc_id == vpc_id
                if own or (interface.vpc_id in joined and (vpc_id, text) not in topology.by_private):
                    yield text


def _bounds(permission: noun.Permission) -> tuple[int, int]:
    first, last = permission.from_port, permission.to_port
    if first is None or first == _ALL:
        return 0, PORTS - 1
    return max(first, 0), min(first if last is None else last, PORTS - 1)


def _entry_bounds(entry: noun.AclEntry) -> tuple[int, int]:
    return (max(entry.port_range.from_, 0), min(entry.port_range.to, PORTS - 1)) if entry.port_range else (0, PORTS - 1)


def _judge(cells: PortCells, entries: tuple[_Entry, ...], protocol: int) -> int:
    """Return the ports that enter, 0 if no answer leaves: first match by number, both directions (rows 12, 13)."""
    way_in = _first_match(entries, protocol, cells.everything, egress=False)
    return way_in if way_in and _first_match(entries, protocol, cells.of(*_EPHEMERAL), egress=True) else 0


def _first_match(entries: tuple[_Entry, ...], protocol: int, undecided: int, *, egress: bool) -> int:
    passed = 0
    for _, leaves, number, ports, allows in entries:
        if leaves is not egress or number not in (protocol, _ALL):
            continue
        if allows:
            passed |= ports & undecided
        undecided &= ~ports
        if not undecided:
            break
    return passed


@lru_cache(maxsize=65536)
def _network(text: str) -> tuple[int, int, int]:
    """Return version, first and last address of a range; version 0 if ``text`` is not one."""
    network = parse_network(text)
    if network is None:
        return 0, 0, 0
    return network.version, int(network.network_address), int(network.broadcast_address)


_Range = tuple[int, int, str, _Rules]
"""First address, last address negated so that ranges sort outer before inner, the range as text, its additions."""


def _by_range(rules: dict[str, _Rules], version: int) -> list[_Range]:
    """Return ranges of one version as integers, outer before inner; equal ranges written differently are joined."""
    ranges: list[_Range] = []
    for text, rule in rules.items():
        found, first, last = _network(text)
        if found == version:
            ranges.append((first, -last, text, rule))
    ranges.sort()
    joined: list[_Range] = []
    before = (-1, 0)
    for one in ranges:
        if one[:2] == before:
            _join(joined[-1][3], one[3])
        else:
            joined.append(one)
            before = one[:2]
    return joined


def _join(one: _Rules, other: _Rules) -> None:
    one.tcp |= other.tcp
    one.udp |= other.udp
    one.entries += other.entries
    one.routed = one.routed or other.routed
    one.sibling = one.sibling or other.sibling
    one.special = one.special or other.special


def _sweep(found: FilterAtoms, ranges: list[_Range], version: int) -> None:
    bits = 32 if version == _IPV4 else 128
    everywhere = "0.0.0.0/0" if version == _IPV4 else "::/0"
    outer = _Frame((1 << bits) - 1, everywhere, 0, 0, 0, (), (0, 0), "", False, 1 << bits)
    stack = [outer]
    following = [*(one[0] for one in ranges[1:]), 1 << bits]
    for (first, negative, cidr, rule), next_first in zip(ranges, following, strict=True):
        while outer.last < first:
            _add_frame(found, stack.pop(), version)
            outer = stack[-1]
        last = -negative
        size = last - first + 1
        _cover(found, outer, first, last)
        entries, passes, route = outer.entries, outer.passes, outer.route
        if rule.entries:
            entries = tuple(sorted(entries + rule.entries))
            passes = (_judge(found.cells, entries, TCP), _judge(found.cells, entries, UDP))
        if rule.routed or (rule.sibling and route):
            route = cidr
        tcp, udp, special = outer.tcp | rule.tcp, outer.udp | rule.udp, rule.special or outer.special
        if next_first <= last:
            outer = _Frame(last, cidr, first, tcp, udp, entries, passes, route, special, size)
            stack.append(outer)
        elif route:
            _add_atom(found, version, (first, last, -1), cidr, size, route, tcp & passes[0], udp & passes[1], special)
    while stack:
        _add_frame(found, stack.pop(), version)


def _cover(found: FilterAtoms, outer: _Frame, first: int, last: int) -> None:
    """Note that an inner range has part of a range's addresses."""
    outer.size -= last - first + 1
    free = outer.free
    if free >= first or (free in found.own and _foreign(found, free, first - 1) >= first):
        if free < first:
            outer.owned = free
        outer.free = last + 1


def _add_frame(found: FilterAtoms, frame: _Frame, version: int) -> None:
    """Add the atom of a range without the ranges inside."""
    if frame.route and frame.size:
        _add_atom(
            found,
            version,
            (frame.free, frame.last, frame.owned),
            frame.cidr,
            frame.size,
            frame.route,
            frame.tcp & frame.passes[0],
            frame.udp & frame.passes[1],
            frame.special,
        )


def _add_atom(  # noqa: PLR0913 - one call for each range: a value that holds them all costs more than the rest
    found: FilterAtoms,
    version: int,
    bounds: tuple[int, int, int],
    cidr: str,
    size: int,
    route: str,
    tcp: int,
    udp: int,
    special: bool,  # noqa: FBT001
) -> None:
    """Add an atom if some port passes or not all filters are known.

    ``bounds`` are the first address that no inner range covers, the last one, and one of the network's own or -1.
    """
    if not (tcp or udp or not found.complete):
        return
    free, last, owned = bounds
    first = _foreign(found, free, last) if free in found.own else free
    own = first > last
    if own:
        first = free if free <= last else owned
    key = found.key
    if key.route is not route or key.own is not own:
        key = found.key = AtomKey(route, False, own)
    if special:
        address = IPv4Address(first) if version == _IPV4 else IPv6Address(first)
        key = AtomKey(route, not address.is_global, own)
    if tcp or udp:
        found.atoms.append(Atom(version, first, cidr, size, key, tcp, udp))
    if key not in found.samples:
        found.samples[key] = Atom(version, first, cidr, size, key, tcp, udp).source


def _foreign(found: FilterAtoms, first: int, last: int) -> int:
    """Return the first address of a range that is not the network's own; a number above ``last`` if all are."""
    while first in found.own and first <= last:
        first += 1
    return first
