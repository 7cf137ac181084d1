"""A node's place in the installation: its lease, and the work of nodes that are gone.

A node registers when it starts and renews its lease. Nodes whose lease has ended are removed, their database sessions
are ended, and their pending workflows are resumed by the nodes that live. A node that was removed while alive, for
example because it was frozen, must end: other nodes do its work.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from openinspector.model.errors import OpenInspectorError
from openinspector.service.ports.node_locks import NodeLocks
from openinspector.service.ports.node_store import NodeStore
from openinspector.service.ports.workflows import Workflows

LEASE: Final = timedelta(seconds=20)
RENEWAL_SECONDS: Final = 5.0
_DOUBTFUL_SECONDS: Final = 15.0
"""A node that has not renewed its lease for this long reports that it is not ready."""
_TAKEOVER: Final = "takeover"
_log = structlog.get_logger()


class NodeError(OpenInspectorError):
    """This node may have been removed from the installation."""


@dataclass(slots=True, kw_only=True)
class Membership:
    """The membership of one node."""

    node_id: str
    nodes: NodeStore
    locks: NodeLocks
    workflows: Workflows
    roles: Sequence[str]
    end: Callable[[], None]
    """Ends the process at once."""
    monotonic: Callable[[], float]
    _renewed_at: float = field(default=0.0, init=False)
    _alone: bool = field(default=False, init=False)
    _has_taken_over: bool = field(default=False, init=False)

    def check(self) -> None:
        """Raise NodeError unless the lease was renewed recently, by this node's monotonic clock."""
        if self.monotonic() - self._renewed_at > _DOUBTFUL_SECONDS:
            raise NodeError(f"the lease was not renewed for {_DOUBTFUL_SECONDS:.0f} seconds")

    def join(self, address: str, version: str, *, alone: bool) -> None:
        """Register the node; StoreError. ``alone``: no other node can serve this database, so all others are gone."""
        self._alone = alone
        if alone:
            for node in self.nodes.nodes():
                self.nodes.remove(node.id)
        self.nodes.register(self.node_id, address, version, self.roles, LEASE)
        self._renewed_at = self.monotonic()

    def turn(self) -> None:
        """Renew the lease, and take over from nodes that are gone; StoreError."""
        if not self.nodes.renew(self.node_id, LEASE):
            _log.error(
                "node removed", node=self.node_id, advice="It did not renew its lease in time; others do its work."
            )
            self.end()
            return
        self._renewed_at = self.monotonic()
        if self._alone and self._has_taken_over:
            return  # No other node can die.
        with self.locks.hold(_TAKEOVER) as held:
            if held:
                self._take_over()
                self._has_taken_over = True

    def leave(self) -> None:
        """Remove the node; the others take over at once. StoreError."""
        self.nodes.remove(self.node_id)

    def _take_over(self) -> None:
        removed = self.nodes.remove_expired()
        # A node that dies between these two steps leaves the second one to the next turn of another node.
        adopted = self.workflows.adopt(lambda: {node.id for node in self.nodes.nodes()})
        if removed or adopted:
            _log.warning("nodes gone", nodes=removed, workflows_resumed=adopted)
