"""Which state an EC2 instance is in: asked of EC2, where the service may."""

from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.errors import StoreError


class InstanceStatesError(StoreError):
    """EC2 cannot be asked."""


class InstanceStates(Protocol):
    """Asks EC2."""

    def state(self, region: str, instance: AgentId) -> str | None:
        """Return the instance's state (``running``, ``terminated``, …), None for one there is not."""
        ...
