"""Where the one role is kept that the service is said to use in the account (F2.21)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRole:
    """A role by its ARN, and since when it is registered."""

    arn: str
    registered_at: datetime


class RoleStore(Protocol):
    """Keeps one role."""

    def get(self) -> AccessRole | None:
        """Return the role, or None before the first was registered."""
        ...

    def replace(self, role: AccessRole) -> None:
        """Register a role instead of the one there was."""
        ...
