"""Rotation of a host key: the old key vouches for the new one, and the new one for itself."""

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from openinspector.service.app.enrolment import Admission
from openinspector.service.app.sessions import LiveSession
from openinspector.wire.message import KeyRotation
from openinspector.wire.signature import key_id, rotation_statement


def rotate_key(admission: Admission, session: LiveSession, asked: KeyRotation, now: datetime) -> bool:
    """Replace the key of a session's agent; False if the new key did not sign or cannot be used.

    The caller has checked the signature of the current key. Repeating it with either key returns True again.
    """
    old = session.public_key.public_bytes_raw()
    statement = rotation_statement(session.agent_id, session.id, session.key_id, key_id(asked.public_key))
    try:
        Ed25519PublicKey.from_public_bytes(asked.public_key).verify(asked.proof, statement)
    except (InvalidSignature, ValueError):
        return False
    return admission.identities.rotate_key(session.agent_id, old, asked.public_key, now)
