"""Store of the console's users, their sessions and one-time sign-in links."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ConsoleRole(StrEnum):
    """Role of a user; `openinspector.service.app.users` has the permitted actions."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleUser:
    """A person who signs in to the console."""

    name: str
    role: ConsoleRole
    password: str | None = field(default=None, repr=False)
    """The password's argon2id hash in PHC format; None: signs in with a link only."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """A browser that has signed in. The id in its cookie is not stored, only its SHA-256."""

    digest: str
    user: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that signs in once. Its secret is not stored, only the SHA-256."""

    digest: str
    user: str
    expires_at: datetime


class UserStore(Protocol):
    """Stores users, sessions and links."""

    def add(self, user: ConsoleUser) -> bool:
        """Add a user; return False if the name is taken."""
        ...

    def get(self, name: str) -> ConsoleUser | None:
        """Return a user, or None."""
        ...

    def list_all(self) -> Sequence[ConsoleUser]:
        """Return all users by name."""
        ...

    def set_password(self, name: str, password: str) -> None:
        """Replace a user's password hash and end all sessions of the user."""
        ...

    def delete(self, name: str) -> bool:
        """Delete a user with all sessions and links; return True if the user existed."""
        ...

    def add_session(self, session: UserSession) -> None:
        """Add a session."""
        ...

    def session(self, digest: str) -> tuple[UserSession, ConsoleUser] | None:
        """Return a session and its user, or None."""
        ...

    def sessions_of(self, user: str) -> Sequence[UserSession]:
        """Return a user's sessions, the last opened first."""
        ...

    def touch_session(self, digest: str, seen_at: datetime) -> None:
        """Record when a session was used last."""
        ...

    def end_session(self, digest: str) -> None:
        """Delete a session if it exists."""
        ...

    def add_link(self, link: SignInLink) -> None:
        """Add a link."""
        ...

    def link(self, digest: str) -> SignInLink | None:
        """Return a link, or None."""
        ...

    def take_link(self, digest: str) -> bool:
        """Delete a link; return True for the one caller that deleted it."""
        ...

    def forget(self, *, opened_before: datetime, seen_before: datetime, expired_before: datetime) -> None:
        """Delete old and unused sessions, and expired links."""
        ...
