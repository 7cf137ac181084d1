"""Simulation: a topology without one rule, named as paths name it: `sg-…/ingress/0` or `acl-…/egress/100`."""

from msgspec.structs import replace

from openinspector.network.aws import noun
from openinspector.network.topology import Topology


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
