"""Store of the registered access role (F2.21)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRole:
    """The ARN of a role and the time of its registration."""

    arn: str
    registered_at: datetime


class RoleStore(Protocol):
    """Stores one role."""

    def get(self) -> AccessRole | None:
        """Return the role; None if none was registered."""
        ...

    def replace(self, role: AccessRole) -> None:
        """Register a role and replace the previous one."""
        ...
