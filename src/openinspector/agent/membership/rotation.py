"""Rotation of the host key. A host recovers from a crash between any two steps.

1. The next key is written to ``host.key.next``: this records the request to rotate and survives restarts.
2. The agent sends the request, signed by the current and the next key. The service replaces the key in one transaction.
3. ``enrolment.json`` names the next key.  4. ``host.key.next`` is renamed to ``host.key``.

Killed before 2: the request is repeated with the same next key. Killed after 2, or the answer lost: the service no
longer accepts the current key, so the agent tries to open a session with the next one; if that succeeds, the rotation
took place. Killed after 3: step 4 is done at the next start.
"""

from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.files.atomic_file import sync_folder
from openinspector.agent.identity import KEY_FILE, HostKey, IdentityError, load_key, load_or_make_key
from openinspector.agent.membership.enrolment import EnrolmentError, EnrolmentRecord, load_enrolment, save_enrolment
from openinspector.agent.session.action import GatewayCredentials
from openinspector.agent.session.reply import Failure, Refused, Unauthorised, describe_failure
from openinspector.wire.message import Challenge, KeyRotated, KeyRotation, Problem, Session, SessionRequest
from openinspector.wire.signature import rotation_statement

NEXT_FILE: Final = "host.key.next"
_OK: Final = 200


def load_identity(state: Path) -> tuple[HostKey, EnrolmentRecord]:
    """Return the current key and the enrolment, finishing an interrupted rotation; IdentityError, EnrolmentError."""
    coming = load_key(state, NEXT_FILE)
    if coming is not None and _names(state, coming):
        _rename(state)
    key = load_or_make_key(state)
    return key, load_enrolment(state, key)


def prepare_rotation(state: Path) -> HostKey:
    """Return the next host key, and make it if absent. The agent then rotates to it. Raises IdentityError."""
    return load_or_make_key(state, NEXT_FILE)


def adopt(state: Path, record: EnrolmentRecord, ca: bytes | None = None) -> None:
    """Put the next key, which ``record`` names, into use. Raises EnrolmentError and IdentityError."""
    save_enrolment(state, record, ca)
    _rename(state)


class KeyRotator:
    """Tracks which of two keys the service accepts; the client signs with that one."""

    def __init__(self, state: Path, client: GatewayClient) -> None:
        self._state = state
        self.client = client
        self._key, self._record = load_identity(state)
        self._signing = self._key

    @property
    def key(self) -> HostKey:
        """The signing key: the current one, or the next one while it is unclear which the service accepts."""
        return self._signing

    def is_wanted(self) -> bool:
        """Return True if there is a next key."""
        return (self._state / NEXT_FILE).exists()

    def open_session(self, request: SessionRequest) -> Session | Failure:
        """Open a session. If the service does not know the key, the next attempt uses the other one."""
        reply = self.client.open_session(request)
        coming = load_key(self._state, NEXT_FILE)
        if coming is None:
            self._sign_with(self._key)
        elif isinstance(reply, Unauthorised):
            self._sign_with(coming if self._signing is self._key else self._key)
        elif isinstance(reply, Session) and self._signing.id == coming.id:
            self._adopt(coming)
        return reply

    def rotate(self, credentials: GatewayCredentials) -> KeyRotated | Failure:
        """Request the rotation from the service and carry it out here; IdentityError."""
        coming = prepare_rotation(self._state)
        statement = rotation_statement(self._record.agent_id, credentials.session_id, self._key.id, coming.id)
        rotation = KeyRotation(public_key=coming.public_key, proof=coming.sign(statement))
        reply = self.client.rotate_key(credentials, rotation)
        if isinstance(reply, KeyRotated):
            if reply.key_id != coming.id:
                message = "the service's answer to the rotation is of another key"
                return Refused(status=_OK, problem=Problem(code="wrong-key", message=message))
            self._adopt(coming)
        elif isinstance(reply, Refused) and reply.status != _OK:
            # The service refuses the key: abandon the rotation and keep the current key.
            (self._state / NEXT_FILE).unlink(missing_ok=True)
        return reply

    def _adopt(self, coming: HostKey) -> None:
        self._record = msgspec.structs.replace(self._record, key_id=coming.id)
        adopt(self._state, self._record)
        self._key = coming
        self._sign_with(coming)

    def _sign_with(self, key: HostKey) -> None:
        self._signing = key
        self.client.sign_with(key)


def rotate_now(rotator: KeyRotator, client: GatewayClient, agent_id: str) -> str:
    """Carry out a requested rotation in a separate session; return the new key's id; EnrolmentError."""
    reply: Failure | None = None
    # After an interrupted rotation, the first session is refused and the second uses the next key.
    for _ in range(2):
        challenge = client.challenge()
        if not isinstance(challenge, Challenge):
            raise EnrolmentError(f"the service gave no challenge: {describe_failure(challenge)}")
        session = rotator.open_session(SessionRequest(nonce=challenge.nonce, agent_id=agent_id))
        if isinstance(session, Session):
            if not rotator.is_wanted():
                return rotator.key.id
            rotated = rotator.rotate(GatewayCredentials(session_id=session.session_id, counter=1))
            if isinstance(rotated, KeyRotated):
                return rotator.key.id
            reply = rotated
            break
        reply = reply or session
        if not isinstance(session, Unauthorised):
            break
    problem = describe_failure(reply) if reply else ""
    raise EnrolmentError(f"the host key was not replaced: {problem}")


def _names(state: Path, coming: HostKey) -> bool:
    try:
        load_enrolment(state, coming)
    except (EnrolmentError, IdentityError):
        return False
    return True


def _rename(state: Path) -> None:
    try:
        (state / NEXT_FILE).replace(state / KEY_FILE)
        sync_folder(state)
    except OSError as error:
        raise IdentityError(f"the next host key in {state} cannot be put in place: {error.strerror}") from error
