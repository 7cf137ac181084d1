"""Route lookup: longest prefix; static before prefix list before propagated; propagated never beats local."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openinspector.network.aws import noun
from openinspector.network.topology import Address, inside, parse_network


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The route that decides for one address."""

    table: str
    prefix: str
    route: noun.Route
    unknown_list: str = ""
    """A prefix list of the table whose entries are not known: it might have decided instead."""


def find_route(
    table: noun.RouteTable, destination: Address, prefix_lists: Mapping[str, tuple[str, ...]]
) -> Found | None:
    """Return the route for an address, None if absent (rows 20 to 23)."""
    hidden = next((r for r in table.routes if _list(r) and _list(r) not in prefix_lists), None)
    matching = list(_matching(table, destination, prefix_lists))
    if not matching and hidden is None:
        return None
    unknown = _list(hidden) if hidden else ""
    if not matching and hidden is not None:
        return Found(table=table.route_table_id, prefix=unknown, route=hidden, unknown_list=unknown)
    _, prefix, route = max(matching, key=lambda match: match[0])
    unknown = "" if route.target == "local" else unknown
    return Found(table=table.route_table_id, prefix=prefix, route=route, unknown_list=unknown)


def _matching(
    table: noun.RouteTable, destination: Address, prefix_lists: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[int, int], str, noun.Route]]:
    """Yield rank, prefix and route of every route that holds the address."""
    local = any(inside(destination, _prefix(route)) for route in table.routes if route.target == "local")
    for route in table.routes:
        propagated = route.origin == "EnableVgwRoutePropagation"
        if propagated and local:
            continue
        for prefix in prefix_lists.get(_list(route), ()) if _list(route) else (_prefix(route),):
            network = parse_network(prefix)
            if network is not None and inside(destination, prefix):
                yield (network.prefixlen, 0 if propagated else 1 if _list(route) else 2), prefix, route


def _list(route: noun.Route) -> str:
    return route.destination_prefix_list_id


def _prefix(route: noun.Route) -> str:
    return route.destination_cidr_block or route.destination_ipv6_cidr_block
