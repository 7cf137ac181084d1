"""Users of the console: roles, passwords, one-time links and sessions.

A session id and a link's secret are 256 random bits; the store has their SHA-256. Passwords are hashed with argon2id
(RFC 9106, second recommended option). Wrong passwords are counted by user and by address in bounded tables.
"""

import hashlib
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY
from openinspector.service.app.errors import UseCaseError
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.user_store import ConsoleRole, ConsoleUser, SignInLink, UserSession, UserStore

ACTIONS: Final[Mapping[ConsoleRole, tuple[str, ...]]] = MappingProxyType(
    {
        ConsoleRole.VIEWER: READ_ONLY,
        ConsoleRole.OPERATOR: (
            *READ_ONLY,
            *(
                f"inspector:{name}"
                for name in (
                    "AddAttributesToFindings",
                    "CreateAssessmentTarget",
                    "CreateAssessmentTemplate",
                    "CreateExclusionsPreview",
                    "CreateResourceGroup",
                    "CreateSchedule",
                    "CreateWaiver",
                    "DeleteSchedule",
                    "DeleteWaiver",
                    "RemoveAttributesFromFindings",
                    "SetTagsForResource",
                    "StartAssessmentRun",
                    "StopAssessmentRun",
                    "UpdateAssessmentTarget",
                    "UpdateSchedule",
                )
            ),
        ),
        ConsoleRole.ADMINISTRATOR: FULL_ACCESS,
    }
)
"""The policy of each role. An operator deletes no results and changes neither accounts, webhooks nor tailorings."""
IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 1024
ATTEMPTS: Final = 10
"""Wrong passwords in `WINDOW` after which a user or an address has to wait."""
WINDOW: Final = timedelta(minutes=5)
_TOUCH: Final = timedelta(minutes=1)
"""A session's last use is recorded this precisely."""
_COUNTED: Final = 10_000
"""Most users, and most addresses, whose wrong passwords are counted."""
_SECRET_BYTES: Final = 32
_SALT_BYTES: Final = 16
_PASSES: Final = 3
_LANES: Final = 4
_KIBIBYTES: Final = 64 * 1024
_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


class UserError(UseCaseError):
    """A user cannot be created, or a password cannot be set, as requested."""


class TooManyAttemptsError(UseCaseError):
    """A user or an address has given too many wrong passwords."""


class Attempts:
    """Counts failures by key within `WINDOW`. Thread-safe; the key that failed least recently is dropped first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, list[datetime]] = OrderedDict()

    def check(self, key: str, now: datetime) -> None:
        """Raise TooManyAttemptsError if ``key`` has failed too often."""
        with self._lock:
            recent = [at for at in self._failed.get(key, ()) if at > now - WINDOW]
        if len(recent) >= ATTEMPTS:
            raise TooManyAttemptsError("Too many wrong passwords.", advice="Wait five minutes and try again.")

    def fail(self, key: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            self._failed[key] = [*self._failed.pop(key, ()), now][-ATTEMPTS:]
            if len(self._failed) > _COUNTED:
                self._failed.popitem(last=False)


class Users:
    """Creates users and signs them in. Thread-safe."""

    def __init__(self, store: UserStore, clock: Clock, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._attempts = Attempts()
        self._hashing = threading.Lock()
        """A hash takes 64 MiB: one at a time."""
        self._decoy = self._hash("a user that does not exist")

    def create(self, name: str, role: ConsoleRole) -> None:
        """Create a user without a password; UserError."""
        if _NAME.fullmatch(name) is None:
            raise UserError(
                f"no user can be named {name[:80]!r}", advice="Use 1 to 64 of the characters A-Z a-z 0-9 + = , . @ _ -"
            )
        if not self._store.add(ConsoleUser(name=name, role=role, created_at=self._clock.now())):
            raise UserError(f"there is a user {name!r} already", advice="Make a new link for the user instead.")

    def make_link(self, name: str, lifetime: timedelta) -> str:
        """Return the secret of a new sign-in link of an existing user; UserError."""
        if self._store.get(name) is None:
            raise UserError(f"there is no user {name!r}", advice="Create the user first.")
        secret = self._secret()
        self._store.add_link(SignInLink(digest=digest(secret), user=name, expires_at=self._clock.now() + lifetime))
        return secret

    def user_of_link(self, secret: str) -> str | None:
        """Return the user whom a link signs in; None for an unknown or expired one."""
        link = self._store.link(digest(secret))
        return None if link is None or link.expires_at <= self._clock.now() else link.user

    def use_link(self, secret: str, password: str) -> str | None:
        """Use up a link, set the user's password unless it is empty, and return a new session id.

        None for an unknown, used or expired link; UserError for a password that is too short.
        """
        name = self.user_of_link(secret)
        if name is None:
            return None
        hashed = self._new_hash(password) if password else None
        if not self._store.take_link(digest(secret)):
            return None
        if hashed is not None:
            self._store.set_password(name, hashed)
        return self._open(name)

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """Return a new session id; None for a wrong name or password. TooManyAttemptsError."""
        now = self._clock.now()
        keys = (f"user {name[:64]}", f"address {address}")
        for key in keys:
            self._attempts.check(key, now)
        user = self._store.get(name) if _NAME.fullmatch(name) is not None else None
        held = user.password if user is not None else None
        # An unknown user takes as long as a wrong password.
        if not self._verify(password, held or self._decoy) or held is None:
            for key in keys:
                self._attempts.fail(key, now)
            return None
        return self._open(name)

    def user_of_session(self, session_id: str) -> tuple[ConsoleUser, UserSession] | None:
        """Return the user of a live session, and record that it was used."""
        found = self._store.session(digest(session_id))
        now = self._clock.now()
        if found is None:
            return None
        session, user = found
        if not _is_live(session, now):
            self._store.end_session(session.digest)
            return None
        if session.seen_at <= now - _TOUCH:
            self._store.touch_session(session.digest, now)
            session = replace(session, seen_at=now)
        return user, session

    def sessions(self, name: str) -> Sequence[UserSession]:
        """Return a user's live sessions, the last opened first."""
        now = self._clock.now()
        return [session for session in self._store.sessions_of(name) if _is_live(session, now)]

    def end_session(self, name: str, session_digest: str) -> None:
        """End a session of a user; no effect on sessions of others."""
        if any(session.digest == session_digest for session in self._store.sessions_of(name)):
            self._store.end_session(session_digest)

    def sign_out(self, session_id: str) -> None:
        """End a session."""
        self._store.end_session(digest(session_id))

    def _open(self, name: str) -> str:
        session_id, now = self._secret(), self._clock.now()
        self._store.forget(opened_before=now - LONGEST, seen_before=now - IDLE, expired_before=now)
        self._store.add_session(UserSession(digest=digest(session_id), user=name, opened_at=now, seen_at=now))
        return session_id

    def _secret(self) -> str:
        return self._random(_SECRET_BYTES).hex()

    def _new_hash(self, password: str) -> str:
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise UserError(f"A password has at least {MIN_PASSWORD} characters and at most {MAX_PASSWORD}.")
        return self._hash(password)

    def _hash(self, password: str) -> str:
        kdf = Argon2id(
            salt=self._random(_SALT_BYTES), length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_KIBIBYTES
        )
        with self._hashing:
            return kdf.derive_phc_encoded(password.encode())

    def _verify(self, password: str, hashed: str) -> bool:
        if len(password) > MAX_PASSWORD:
            return False
        try:
            with self._hashing:
                Argon2id.verify_phc_encoded(password.encode(), hashed)
        except InvalidKey:
            return False
        return True


def _is_live(session: UserSession, now: datetime) -> bool:
    return session.seen_at > now - IDLE and session.opened_at > now - LONGEST


def digest(secret: str) -> str:
    """Return the stored form of a session id or a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
