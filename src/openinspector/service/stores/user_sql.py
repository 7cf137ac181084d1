"""Users of the console, sessions and sign-in links in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update

from openinspector.service.ports.user_store import ConsoleRole, ConsoleUser, SignInLink, UserSession
from openinspector.service.stores.console_schema import CONSOLE_SESSION, CONSOLE_USER, SIGN_IN_LINK
from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading, reading_once, writing


class SqlUserStore:
    """Stores users, sessions and links."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, user: ConsoleUser) -> bool:
        """Add a user; return False if the name is taken."""
        row = {"name": user.name, "role": user.role, "password": user.password, "created_at": user.created_at}
        with writing(self._engine) as connection:
            return add_new(connection, CONSOLE_USER, ("name",), row)

    def get(self, name: str) -> ConsoleUser | None:
        """Return a user, or None."""
        with reading_once(self._engine) as connection:
            row = connection.execute(select(CONSOLE_USER).where(CONSOLE_USER.c.name == name)).one_or_none()
        return None if row is None else _user(row)

    def list_all(self) -> Sequence[ConsoleUser]:
        """Return all users by name."""
        with reading(self._engine) as connection:
            return [_user(row) for row in connection.execute(select(CONSOLE_USER).order_by(CONSOLE_USER.c.name))]

    def set_password(self, name: str, password: str) -> None:
        """Replace a user's password hash and end all sessions of the user."""
        with writing(self._engine) as connection:
            connection.execute(update(CONSOLE_USER).where(CONSOLE_USER.c.name == name).values(password=password))
            connection.execute(delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.user == name))

    def delete(self, name: str) -> bool:
        """Delete a user with all sessions and links; return True if the user existed."""
        with writing(self._engine) as connection:
            connection.execute(delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.user == name))
            connection.execute(delete(SIGN_IN_LINK).where(SIGN_IN_LINK.c.user == name))
            return connection.execute(delete(CONSOLE_USER).where(CONSOLE_USER.c.name == name)).rowcount == 1

    def add_session(self, session: UserSession) -> None:
        """Add a session."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(CONSOLE_SESSION).values(
                    digest=session.digest, user=session.user, opened_at=session.opened_at, seen_at=session.seen_at
                )
            )

    def session(self, digest: str) -> tuple[UserSession, ConsoleUser] | None:
        """Return a session and its user, or None."""
        query = (
            select(CONSOLE_SESSION, CONSOLE_USER)
            .join(CONSOLE_USER, CONSOLE_USER.c.name == CONSOLE_SESSION.c.user)
            .where(CONSOLE_SESSION.c.digest == digest)
        )
        with reading_once(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return _session(row), _user(row)

    def sessions_of(self, user: str) -> Sequence[UserSession]:
        """Return a user's sessions, the last opened first."""
        query = select(CONSOLE_SESSION).where(CONSOLE_SESSION.c.user == user)
        query = query.order_by(CONSOLE_SESSION.c.opened_at.desc(), CONSOLE_SESSION.c.digest)
        with reading_once(self._engine) as connection:
            return [_session(row) for row in connection.execute(query)]

    def touch_session(self, digest: str, seen_at: datetime) -> None:
        """Record when a session was used last."""
        with writing(self._engine) as connection:
            connection.execute(
                update(CONSOLE_SESSION).where(CONSOLE_SESSION.c.digest == digest).values(seen_at=seen_at)
            )

    def end_session(self, digest: str) -> None:
        """Delete a session if it exists."""
        with writing(self._engine) as connection:
            connection.execute(delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.digest == digest))

    def add_link(self, link: SignInLink) -> None:
        """Add a link."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(SIGN_IN_LINK).values(digest=link.digest, user=link.user, expires_at=link.expires_at)
            )

    def link(self, digest: str) -> SignInLink | None:
        """Return a link, or None."""
        with reading_once(self._engine) as connection:
            row = connection.execute(select(SIGN_IN_LINK).where(SIGN_IN_LINK.c.digest == digest)).one_or_none()
        return None if row is None else SignInLink(digest=row.digest, user=row.user, expires_at=row.expires_at)

    def take_link(self, digest: str) -> bool:
        """Delete a link; return True for the one caller that deleted it."""
        with writing(self._engine) as connection:
            return connection.execute(delete(SIGN_IN_LINK).where(SIGN_IN_LINK.c.digest == digest)).rowcount == 1

    def forget(self, *, opened_before: datetime, seen_before: datetime, expired_before: datetime) -> None:
        """Delete old and unused sessions, and expired links."""
        old = (CONSOLE_SESSION.c.opened_at <= opened_before) | (CONSOLE_SESSION.c.seen_at <= seen_before)
        with writing(self._engine) as connection:
            connection.execute(delete(CONSOLE_SESSION).where(old))
            connection.execute(delete(SIGN_IN_LINK).where(SIGN_IN_LINK.c.expires_at <= expired_before))


def _session(row: Row[Any]) -> UserSession:
    return UserSession(digest=row.digest, user=row.user, opened_at=row.opened_at, seen_at=row.seen_at)


def _user(row: Row[Any]) -> ConsoleUser:
    return ConsoleUser(name=row.name, role=ConsoleRole(row.role), password=row.password, created_at=row.created_at)
