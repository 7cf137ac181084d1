"""The role store's simulator: the whole port, in memory."""

from openinspector.service.ports.role_store import AccessRole


class MemoryRoleStore:
    """Keeps one role as long as it lives."""

    def __init__(self) -> None:
        self._role: AccessRole | None = None

    def get(self) -> AccessRole | None:
        """Return the role, or None before the first was registered."""
        return self._role

    def replace(self, role: AccessRole) -> None:
        """Register a role instead of the one there was."""
        self._role = role
