"""Durable execution: workflows that go on where they were after the process died."""

from collections.abc import Callable, Mapping
from typing import Protocol


class WorkflowContext(Protocol):
    """What a workflow's body may do; everything else it does must be deterministic."""

    def step(self, name: str, action: Callable[[], str]) -> str:
        """Do ``action`` and remember its result: after a restart the result comes from memory.

        ``action`` may run again if the process died before its result was remembered, so it must be idempotent.
        Its result is text (JSON where it is more).
        """
        ...

    def wait(self, topic: str, seconds: float) -> str | None:
        """Return the next signal of ``topic``, or None after ``seconds``; survives restarts."""
        ...


Workflow = Callable[[WorkflowContext, str], None]
"""A body: its context and its one argument."""


class Workflows(Protocol):
    """Starts and signals workflows. Bodies are named when the service starts, before ``launch``."""

    def launch(self, bodies: Mapping[str, Workflow]) -> None:
        """Start executing, and resume whatever was pending."""
        ...

    def start(self, name: str, workflow_id: str, argument: str) -> None:
        """Start a workflow; the same id again changes nothing. StoreError."""
        ...

    def signal(self, workflow_id: str, topic: str, message: str) -> None:
        """Send a signal; it is kept until the workflow waits for it. StoreError."""
        ...

    def shutdown(self) -> None:
        """Stop executing; what is pending resumes at the next launch."""
        ...
