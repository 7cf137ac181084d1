"""Simulation: a topology without one rule or with one more.

A rule goes by the name that paths give it: `sg-…/ingress/0` or `acl-…/egress/100`.
"""

from typing import Final

from msgspec.structs import replace

from openinspector.network.aws import noun
from openinspector.network.packet_filter import protocol_number
from openinspector.network.topology import Topology, parse_network

_PARTS: Final = 5
_IPV4: Final = 4


def remove_rule(topology: Topology, rule: str) -> bool:
    """Remove a rule from a topology in place; return False if there is no such rule."""
    resource, _, rest = rule.partition("/")
    way, _, number = rest.partition("/")
    if way not in {"ingress", "egress"} or not number.isdecimal():
        return False
    if resource in topology.groups:
        return _remove_permission(topology, resource, int(number), egress=way == "egress")
    return _remove_entry(topology, resource, int(number), egress=way == "egress")


def _remove_permission(topology: Topology, group_id: str, number: int, *, egress: bool) -> bool:
    group = topology.groups[group_id]
    permissions = group.ip_permissions_egress if egress else group.ip_permissions
    if number >= len(permissions):
        return False
    # An empty permission keeps the numbers of the others: it names no peer, so it matches nothing.
    emptied = (*permissions[:number], noun.Permission(), *permissions[number + 1 :])
    field = "ip_permissions_egress" if egress else "ip_permissions"
    topology.groups[group_id] = replace(group, **{field: emptied})
    return True


def _remove_entry(topology: Topology, acl_id: str, number: int, *, egress: bool) -> bool:
    found = False
    for table in (topology.acl_of, topology.default_acl):
        for key, acl in list(table.items()):
            kept = tuple(e for e in acl.entries if (e.rule_number, e.egress) != (number, egress))
            if acl.network_acl_id == acl_id and len(kept) < len(acl.entries):
                table[key] = replace(acl, entries=kept)
                found = True
    return found


def add_rule(topology: Topology, text: str) -> bool:
    """Add `sg-…/<ingress|egress>/<protocol>/<port or first-last>/<range>` in place; return False if it is none."""
    parts = text.split("/", 4)
    if len(parts) != _PARTS or parts[0] not in topology.groups or parts[1] not in {"ingress", "egress"}:
        return False
    first, _, last = parts[3].partition("-")
    network = parse_network(parts[4])
    if network is None or protocol_number(parts[2]) is None or not first.isdecimal() or not (last or first).isdecimal():
        return False
    ranges = {"ip_ranges": (noun.IpRange(cidr_ip=parts[4]),)}
    if network.version != _IPV4:
        ranges = {"ipv6_ranges": (noun.Ipv6Range(cidr_ipv6=parts[4]),)}  # type: ignore[dict-item]
    permission = noun.Permission(ip_protocol=parts[2], from_port=int(first), to_port=int(last or first))
    permission = replace(permission, **ranges)
    group = topology.groups[parts[0]]
    field = "ip_permissions_egress" if parts[1] == "egress" else "ip_permissions"
    topology.groups[parts[0]] = replace(group, **{field: (*getattr(group, field), permission)})
    return True
