"""Principal: who calls an operation: an access key, or a user who has signed in to the console."""

from typing import Protocol


class Principal(Protocol):
    """Who calls, with what permissions. `AccessKey` is one."""

    @property
    def id(self) -> str:
        """Id of the key or the session."""
        ...

    @property
    def user(self) -> str:
        """Name of the user."""
        ...

    @property
    def actions(self) -> tuple[str, ...]:
        """Permitted actions: ``inspector:*``, ``inspector:List*``."""
        ...
