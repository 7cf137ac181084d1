"""Registry of the nodes of an installation: the processes that serve one database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNode:
    """One process that serves the installation, for as long as it renews its lease."""

    id: str
    """Random, of this life of the process."""
    address: str
    """URL of its listener."""
    version: str
    roles: tuple[str, ...]
    started_at: datetime
    until: datetime
    """End of the lease, by the database's clock: nodes do not compare their own clocks."""


class NodeStore(Protocol):
    """Keeps the nodes. All times are the database's."""

    def register(self, node_id: str, address: str, version: str, roles: Sequence[str], lease: timedelta) -> None:
        """Add a node whose lease begins now."""
        ...

    def renew(self, node_id: str, lease: timedelta) -> bool:
        """Extend the lease to ``lease`` from now; False if the node is not registered any more."""
        ...

    def remove(self, node_id: str) -> None:
        """Remove a node that ends; no effect if it is not registered."""
        ...

    def remove_expired(self) -> Sequence[str]:
        """Remove the nodes whose lease has ended, and end their database sessions; return their ids."""
        ...

    def nodes(self) -> Sequence[ServiceNode]:
        """Return the registered nodes in the order in which they started."""
        ...
