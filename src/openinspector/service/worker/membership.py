"""A node's place in the installation: its lease, and the work of nodes that are gone.

A node registers when it starts and renews its lease. Nodes whose lease has ended are removed, their database sessions
are ended, and their pending workflows are resumed by the nodes that live. A node that was removed although it lives, for
example because it was frozen, must end: others do its work.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from openinspector.service.ports.node_locks import NodeLocks
from openinspector.service.ports.node_store import NodeStore
from openinspector.service.ports.workflows import Workflows

LEASE: Final = timedelta(seconds=20)
RENEWAL_SECONDS: Final = 5.0
_DOUBTFUL_SECONDS: Final = 15.0
"""A node that has not renewed its lease for so long reports that it is not ready."""
_TAKEOVER: Final = "takeover"
_log = structlog.get_logger()


class Membership:
    """The membership of one node."""

    def __init__(
        self,
        node_id: str,
        nodes: NodeStore,
        locks: NodeLocks,
        workflows: Workflows,
        end: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._id = node_id
        self._nodes = nodes
        self._locks = locks
        self._workflows = workflows
        self._end = end
        self._monotonic = monotonic
        self._renewed_at = monotonic()

    @property
    def is_current(self) -> bool:
        """Return True if the lease was renewed recently, by this node's monotonic clock."""
        return self._monotonic() - self._renewed_at < _DOUBTFUL_SECONDS

    def join(self, address: str, version: str, *, alone: bool) -> None:
        """Register the node; StoreError. ``alone``: no other node can serve this database, so all others are gone."""
        if alone:
            for node in self._nodes.nodes():
                self._nodes.remove(node.id)
        self._nodes.register(self._id, address, version, LEASE)
        self._renewed_at = self._monotonic()

    def turn(self) -> None:
        """Renew the lease, and take over from nodes that are gone; StoreError."""
        if not self._nodes.renew(self._id, LEASE):
            _log.error("node removed", node=self._id, advice="It did not renew its lease in time; others do its work.")
            self._end()
            return
        self._renewed_at = self._monotonic()
        with self._locks.hold(_TAKEOVER) as held:
            if held:
                self._take_over()

    def leave(self) -> None:
        """Remove the node; the others take over at once. StoreError."""
        self._nodes.remove(self._id)

    def _take_over(self) -> None:
        removed = self._nodes.remove_expired()
        # A node that dies between these two steps leaves the second one to the next turn of another node.
        adopted = self._workflows.adopt(lambda: {node.id for node in self._nodes.nodes()})
        if removed or adopted:
            _log.warning("nodes gone", nodes=removed, workflows_resumed=adopted)
