"""Contract tests for locks between nodes. Subclass, and provide the locks of two nodes as ``one`` and ``other``."""

from contextlib import suppress

from openinspector.service.ports.node_locks import NodeLocks


class NodeLocksSuite:
    """The contract of `NodeLocks`."""

    def test_one_holder_at_a_time(self, one: NodeLocks, other: NodeLocks) -> None:
        """Another name is another lock."""
        with one.hold("retention") as held:
            assert held
            with other.hold("retention") as second, other.hold("schedules") as third:
                assert (second, third) == (False, True)
        with other.hold("retention") as held:
            assert held

    def test_not_reentrant(self, one: NodeLocks) -> None:
        """A second thread of the node is a second holder."""
        with one.hold("retention"), one.hold("retention") as again:
            assert not again

    def test_an_error_releases_the_lock(self, one: NodeLocks, other: NodeLocks) -> None:
        """The error is the caller's."""
        with suppress(ZeroDivisionError), one.hold("retention"):
            _ = 1 // 0
        with other.hold("retention") as held:
            assert held
