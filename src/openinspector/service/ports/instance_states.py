"""States of EC2 instances."""

from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.errors import StoreError


class InstanceStatesError(StoreError):
    """EC2 did not answer."""


class InstanceStates(Protocol):
    """Reads instance states from EC2."""

    def state(self, region: str, instance: AgentId) -> str | None:
        """Return the instance's state (``running``, ``terminated``, …); None if it does not exist."""
        ...
