"""Durable execution: workflows resume where they stopped when the process died."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol


class WorkflowContext(Protocol):
    """The operations of a workflow's body; the rest of it must be deterministic."""

    def step(self, name: str, action: Callable[[], str]) -> str:
        """Execute ``action`` and store its result; after a restart, return the stored result.

        ``action`` may run again if the process dies before the result is stored, so it must be idempotent. The result
        is text.
        """
        ...

    def wait(self, topic: str, seconds: float) -> str | None:
        """Return the next signal of ``topic``, or None after ``seconds``; survives restarts."""
        ...


Workflow = Callable[[WorkflowContext, str], None]
"""A workflow's body: takes the context and one argument."""


class Workflows(Protocol):
    """Starts and signals workflows. Bodies are named when the service starts, before ``launch``."""

    def launch(self, bodies: Mapping[str, Workflow]) -> None:
        """Start executing, and resume pending workflows."""
        ...

    def start(self, name: str, workflow_id: str, argument: str) -> None:
        """Start a workflow; no effect if the id exists. StoreError."""
        ...

    def signal(self, workflow_id: str, topic: str, message: str) -> None:
        """Send a signal; it is stored until the workflow waits for it. StoreError."""
        ...

    def adopt(self, live: Callable[[], Collection[str]]) -> int:
        """Resume the pending workflows of nodes that are not among the live ones; return how many there were.

        ``live`` returns the ids of the live nodes. It is called after the workflows were listed: a node registers
        before it starts one. StoreError.
        """
        ...

    def shutdown(self) -> None:
        """Stop executing; pending workflows resume at the next launch."""
        ...
