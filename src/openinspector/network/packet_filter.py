"""Security groups and network ACLs: which ports of a packet they let pass.

Ports are a bit mask: bit n is port n. A protocol without ports has the mask ``ALL_PORTS`` or 0. One pass judges all
ports of a packet at once, so a single question and a port set take the same road.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from openinspector.network.aws import noun
from openinspector.network.topology import Address, Topology, inside, is_balancer

ALL_PORTS: Final = (1 << 65536) - 1
TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMP6: Final = 58
_PORTED: Final = (TCP, UDP)
_NUMBERS: Final = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
_ALL: Final = -1
_IPV4: Final = 4
Members = Sequence[noun.Eni]


def port_mask(first: int, last: int) -> int:
    """Return the mask of the ports from ``first`` to ``last``, both included."""
    first, last = max(first, 0), min(last, 65535)
    return ((1 << (last - first + 1)) - 1) << first if first <= last else 0


def protocol_number(text: str) -> int | None:
    """Return the number of a protocol as AWS writes it, -1 for all, None for one that is not understood."""
    if text in _NUMBERS:
        return _NUMBERS[text]
    try:
        return int(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One packet, or many that differ by destination port only."""

    source: Address
    destination: Address
    protocol: int
    ports: int
    """Mask of destination ports; ALL_PORTS for a protocol without ports."""
    icmp: tuple[int, int] = (8, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterVerdict:
    """Ports that pass, the rule that lets the first of them pass, and a list that could not be read."""

    ports: int
    rule: str = ""
    unknown: str = ""


def judge_groups(
    topology: Topology, groups: tuple[str, ...], packet: Packet, *, egress: bool, members: Members | None = None
) -> FilterVerdict:
    """Judge the union of security groups (rows 1, 3, 4, 7, 8, 10).

    ``members`` are the interfaces that a group reference may mean at the other end; None behind a middlebox, where it
    means nothing.
    """
    peer = packet.destination if egress else packet.source
    open_ports, rule, unknown = 0, "", ""
    for group_id in groups:
        group = topology.groups.get(group_id)
        if group is None:
            reason = topology.missing("ec2-describe-security-groups")
            unknown = unknown or f"{group_id}: {reason or 'no such security group in the snapshot'}"
            continue
        for number, permission in enumerate(group.ip_permissions_egress if egress else group.ip_permissions):
            ports = _permission_ports(permission, packet) & packet.ports
            if not ports & ~open_ports:
                continue
            matched, lost = _peer_matches(topology, permission, peer, members)
            unknown = unknown or lost
            if matched:
                open_ports |= ports
                rule = rule or f"{group_id}/{'egress' if egress else 'ingress'}/{number}"
    return FilterVerdict(ports=open_ports, rule=rule, unknown="" if open_ports == packet.ports else unknown)


def passing_rules(
    topology: Topology, interface: noun.Eni, packet: Packet, balancer: noun.Eni | None = None
) -> Iterator[str]:
    """Yield every ingress rule of an interface's groups that lets a packet pass, as paths name it.

    ``balancer`` is the node that passed the packet on with the client's address: rules may name its groups (row 50).
    """
    own = topology.by_private.get((interface.vpc_id, str(packet.source)))
    joined = topology.referable(interface.vpc_id)
    members = [own] if own else [one for one in topology.owners.get(str(packet.source), ()) if one.vpc_id in joined]
    members += [balancer] if balancer else []
    for name in interface.groups:
        group = topology.groups.get(name.group_id)
        for number, permission in enumerate(group.ip_permissions if group else ()):
            if _permission_ports(permission, packet) & packet.ports:
                matched, _ = _peer_matches(topology, permission, packet.source, members)
                if matched:
                    yield f"{name.group_id}/ingress/{number}"


def ranges_of(topology: Topology, rule: str) -> Iterator[str]:
    """Yield the address ranges that an ingress rule, named as paths name it, lets in."""
    group_id, _, number = rule.split("/")
    yield from permission_ranges(topology, topology.groups[group_id].ip_permissions[int(number)])


def permission_ranges(topology: Topology, permission: noun.Permission) -> Iterator[str]:
    """Yield the address ranges of a security group's permission, those of known prefix lists too."""
    yield from (one.cidr_ip for one in permission.ip_ranges)
    yield from (one.cidr_ipv6 for one in permission.ipv6_ranges)
    for listed in permission.prefix_list_ids:
        yield from topology.prefix_lists.get(listed.prefix_list_id, ())


def _permission_ports(permission: noun.Permission, packet: Packet) -> int:
    protocol = protocol_number(permission.ip_protocol)
    if protocol == _ALL:
        return ALL_PORTS
    if protocol != packet.protocol:
        return 0
    first, last = permission.from_port, permission.to_port
    if protocol in _PORTED:
        return ALL_PORTS if first is None or first == _ALL else port_mask(first, first if last is None else last)
    if protocol in {ICMP, ICMP6}:
        kind, code = packet.icmp
        fits = first in {None, _ALL, kind} and (first in {None, _ALL} or last in {None, _ALL, code})
        return ALL_PORTS if fits else 0
    return ALL_PORTS


def _peer_matches(
    topology: Topology, permission: noun.Permission, peer: Address, members: Members | None
) -> tuple[bool, str]:
    ranges = [r.cidr_ip for r in permission.ip_ranges] + [r.cidr_ipv6 for r in permission.ipv6_ranges]
    if any(inside(peer, text) for text in ranges):
        return True, ""
    wanted = {pair.group_id for pair in permission.user_id_group_pairs}
    if any(wanted & {group.group_id for group in interface.groups} for interface in members or ()):
        return True, ""
    lost = _hidden_member(topology, wanted, peer, members) if wanted and members is not None else ""
    if lost:
        return False, lost
    for name in permission.prefix_list_ids:
        cidrs = topology.prefix_lists.get(name.prefix_list_id)
        if cidrs is None:
            return False, f"{name.prefix_list_id}: the entries of the prefix list were not collected"
        if any(inside(peer, text) for text in cidrs):
            return True, ""
    return False, ""


def _hidden_member(topology: Topology, wanted: set[str], peer: Address, members: Members) -> str:
    """Return why a peer may be a member of one of the groups although the snapshot does not show it; "" if not."""
    hidden = next(filter(_groups_are_hidden, members), None)
    if hidden is not None:
        return f"the security groups of {hidden.network_interface_id} are in another account's snapshot"
    if members or (peer.version == _IPV4 and peer.is_global):
        return ""
    return next(filter(None, map(topology.members_missing, sorted(wanted))), "")


def _groups_are_hidden(interface: noun.Eni) -> bool:
    """Return True if an interface must have groups and its record, of another account, shows none (row 64)."""
    return not interface.groups and interface.interface_type == "interface" and not is_balancer(interface)


def judge_acl(acl: noun.NetworkAcl, packet: Packet, *, egress: bool) -> FilterVerdict:
    """Judge a network ACL: ascending number, first match wins port by port (rows 12, 16, 18)."""
    peer = packet.destination if egress else packet.source
    undecided, passed, rule = packet.ports, 0, ""
    for entry in sorted(acl.entries, key=lambda entry: entry.rule_number):
        if entry.egress is not egress or not inside(peer, entry.cidr_block or entry.ipv6_cidr_block):
            continue
        ports = _entry_ports(entry, packet) & undecided
        if not ports:
            continue
        undecided &= ~ports
        if entry.rule_action == "allow":
            passed |= ports
        rule = rule or str(entry.rule_number)
        if not undecided:
            break
    return FilterVerdict(ports=passed, rule=rule)


def _entry_ports(entry: noun.AclEntry, packet: Packet) -> int:
    protocol = protocol_number(entry.protocol)
    if protocol == _ALL:
        return ALL_PORTS
    if protocol != packet.protocol:
        return 0
    if protocol in _PORTED and entry.port_range is not None:
        return port_mask(entry.port_range.from_, entry.port_range.to)
    if protocol in {ICMP, ICMP6} and entry.icmp_type_code is not None:
        kind, code = packet.icmp
        wanted = entry.icmp_type_code
        fits = wanted.type in {_ALL, kind} and wanted.code in {_ALL, code}
        return ALL_PORTS if fits else 0
    return ALL_PORTS
