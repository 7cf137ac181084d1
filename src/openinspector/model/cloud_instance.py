"""EC2 instances as the account's API describes them, with or without an agent."""

from dataclasses import dataclass
from typing import Final

from openinspector.model.agent import AgentId
from openinspector.model.asset import AssetInterface, Tag

AUTO_SCALING_TAG: Final = "aws:autoscaling:groupName"
"""Tag that EC2 Auto Scaling puts on the instances that it starts.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
"""
GONE_STATES: Final = frozenset({"shutting-down", "terminated"})
"""States of an instance that will not come back. EC2 lists it for about an hour more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudInstance:
    """One instance."""

    id: AgentId
    """``i-`` and hexadecimal digits: also the id of the agent that runs on it, if any."""
    account: str
    region: str
    state: str
    """State name of EC2: ``pending``, ``running``, ``stopping``, ``stopped``, ``shutting-down`` or ``terminated``."""
    hostname: str = ""
    """Public DNS name, or else the private one."""
    ipv4_addresses: tuple[str, ...] = ()
    """Private and public addresses of all interfaces."""
    ami_id: str = ""
    tags: tuple[Tag, ...] = ()
    interfaces: tuple[AssetInterface, ...] = ()

    @property
    def auto_scaling_group(self) -> str | None:
        """Return the name of the Auto Scaling group; None if the instance is in none."""
        return next((tag.value for tag in self.tags if tag.key == AUTO_SCALING_TAG), None)

    @property
    def is_gone(self) -> bool:
        """Return True if the instance is terminated or about to be."""
        return self.state in GONE_STATES
