"""Contract tests for every registry of nodes. Subclass, and provide an empty one as the fixture ``store``."""

import time
from datetime import timedelta

from openinspector.service.ports.node_store import NodeStore

_LONG = timedelta(minutes=1)
_OVER = timedelta(0)
_ROLES = ("api", "worker")


class NodeStoreSuite:
    """The contract of `NodeStore`."""

    def test_nodes_are_listed_until_they_are_removed(self, store: NodeStore) -> None:
        store.register("b", "https://one:8443", "1.0.0", _ROLES, _LONG)
        time.sleep(0.002)
        store.register("a", "https://two:8443", "1.0.1", _ROLES, _LONG)
        first, second = store.nodes()
        assert (first.id, first.address, first.version) == ("b", "https://one:8443", "1.0.0")
        assert first.roles == _ROLES
        assert second.id == "a"
        assert first.until - first.started_at == _LONG
        store.remove("b")
        store.remove("unknown")
        assert [node.id for node in store.nodes()] == ["a"]

    def test_a_lease_is_renewed(self, store: NodeStore) -> None:
        """A late node is registered until another one removes it."""
        store.register("a", "https://one", "1.0.0", _ROLES, _OVER)
        assert store.renew("a", _LONG)
        (node,) = store.nodes()
        assert node.until >= node.started_at + _LONG
        assert store.remove_expired() == []

    def test_an_expired_node_is_removed_once(self, store: NodeStore) -> None:
        """It cannot renew its lease afterwards."""
        store.register("gone", "https://one", "1.0.0", _ROLES, _OVER)
        store.register("here", "https://two", "1.0.0", _ROLES, _LONG)
        time.sleep(0.002)
        assert store.remove_expired() == ["gone"]
        assert store.remove_expired() == []
        assert not store.renew("gone", _LONG)
        assert [node.id for node in store.nodes()] == ["here"]
