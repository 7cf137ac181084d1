"""Workflows that only record calls."""

from collections.abc import Callable, Collection, Mapping

from openinspector.model.errors import StoreError
from openinspector.service.ports.workflows import Workflow


class RecordedWorkflows:
    """Implements `Workflows` without executing anything; ``started`` and ``signals`` record the calls in order.

    While ``refusing`` is true, every call raises StoreError.
    """

    def __init__(self) -> None:
        self.started: dict[str, tuple[str, str]] = {}
        """Name and argument by workflow id."""
        self.signals: list[tuple[str, str, str]] = []
        """Workflow id, topic and message."""
        self.live: frozenset[str] = frozenset()
        """Nodes that were live at the last takeover."""
        self.refusing = False

    def launch(self, bodies: Mapping[str, Workflow]) -> None:
        """Do nothing."""
        del bodies

    def start(self, name: str, workflow_id: str, argument: str) -> None:
        """Note a workflow; the same id again changes nothing."""
        self._check()
        self.started.setdefault(workflow_id, (name, argument))

    def signal(self, workflow_id: str, topic: str, message: str) -> None:
        """Note a signal."""
        self._check()
        self.signals.append((workflow_id, topic, message))

    def adopt(self, live: Callable[[], Collection[str]]) -> int:
        """Note the live nodes; nothing is pending."""
        self._check()
        self.live = frozenset(live())
        return 0

    def shutdown(self) -> None:
        """Do nothing."""

    def _check(self) -> None:
        if self.refusing:
            raise StoreError("the workflow database is out of order")
