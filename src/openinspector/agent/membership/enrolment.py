"""Enrolment: the host's key becomes an agent of one service; the result is kept in the state directory."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.cloud.instance_metadata import MetadataError
from openinspector.agent.collection.description import describe
from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.files.atomic_file import make_private_folder, write_atomically
from openinspector.agent.host import Host
from openinspector.agent.identity import HostKey, Identity, IdentityClaim, IdentityError
from openinspector.agent.session.reply import Failure, Refused, describe_failure
from openinspector.model.errors import OpenInspectorError, WireError
from openinspector.wire.codec import decode_json, encode_json
from openinspector.wire.message import AgentIdText, Challenge, Enrolment, EnrolmentRequest

ENROLMENT_FILE: Final = "enrolment.json"
JOIN_TOKEN: Final = "join_token"  # noqa: S105 - an identity's name
METHOD_OFF: Final = "method-off"
"""The gateway's code for a disabled enrolment method."""
CA_FILE: Final = "ca.pem"
MAX_CA_BYTES: Final = 1024 * 1024
_MAX_BYTES: Final = 64 * 1024
_LOOK: Final = "docs/howto/operate-the-agent.md has a table of messages; openinspector-agent check finds more."


class EnrolmentError(OpenInspectorError):
    """The host could not be enrolled, or is not."""


class EnrolmentRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agent's enrolment, kept for the next start."""

    endpoint: str
    """``https://host:port``."""
    agent_id: AgentIdText
    key_id: str
    """Id of the enrolled host key."""
    enrolled_at: datetime
    method: str = JOIN_TOKEN
    """The identity that enrolled it and attests it again."""


_DECODER: Final = msgspec.json.Decoder(EnrolmentRecord)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proving:
    """The input for proving a host's identity to one service."""

    identity: Identity
    host: Host
    server: str
    """The host name of the service."""
    unix_time: Callable[[], float]
    token: str = ""
    """A join token; if the identity needs none, it only gives the agent its tags."""


class MethodOffError(EnrolmentError):
    """The service does not accept this enrolment method."""


def enrol(client: GatewayClient, key: HostKey, proving: Proving) -> str:
    """Enrol the host and return its agent id; EnrolmentError, IdentityError. The same key gets the same id again."""
    challenge = client.challenge()
    if not isinstance(challenge, Challenge):
        raise EnrolmentError(f"the service gave no challenge: {describe_failure(challenge)}", advice=_LOOK)
    enrolment = prove(client, key, proving, challenge.nonce)
    if isinstance(enrolment, Enrolment):
        return enrolment.agent_id
    kind = MethodOffError if isinstance(enrolment, Refused) and enrolment.problem.code == METHOD_OFF else EnrolmentError
    raise kind(f"the service did not enrol this host: {describe_failure(enrolment)}", advice=_LOOK)


def prove(client: GatewayClient, key: HostKey, proving: Proving, nonce: str) -> Enrolment | Failure:
    """Prove this host's identity to the service; IdentityError if it has no such proof."""
    claim = IdentityClaim(
        secret=proving.token,
        nonce=nonce,
        public_key=key.public_key,
        host=proving.host,
        server=proving.server,
        unix_time=proving.unix_time(),
    )
    try:
        evidence = dict(proving.identity.evidence(claim))
    except MetadataError as error:
        raise IdentityError(str(error), advice=error.advice) from error
    if proving.token and proving.identity.name != JOIN_TOKEN:
        evidence[JOIN_TOKEN] = proving.token
    request = EnrolmentRequest(
        nonce=nonce,
        method=proving.identity.name,
        evidence=evidence,
        public_key=key.public_key,
        host=describe(proving.host),
    )
    return client.enrol(request)


def save_enrolment(state: Path, record: EnrolmentRecord, ca: bytes | None) -> None:
    """Save the enrolment and the given authorities; EnrolmentError."""
    try:
        make_private_folder(state)
        if ca is not None:
            write_atomically(state / CA_FILE, ca)
        write_atomically(state / ENROLMENT_FILE, encode_json(record, "the enrolment"))
    except OSError as error:
        raise EnrolmentError(
            f"the enrolment cannot be kept in {state}: {error.strerror}", advice="Enrol as root, with room on the disk."
        ) from error


def load_enrolment(state: Path, key: HostKey) -> EnrolmentRecord:
    """Return the enrolment of ``key``. Raises EnrolmentError if the host is not enrolled."""
    path = state / ENROLMENT_FILE
    try:
        with path.open("rb") as file:
            record = decode_json(file.read(_MAX_BYTES), _DECODER, "the enrolment")
    except FileNotFoundError as error:
        raise EnrolmentError(
            f"this host is not enrolled: there is no {path}",
            advice="Run: openinspector agent enrol --endpoint URL --token TOKEN --ca FILE (on EC2 without a token)",
        ) from error
    except (OSError, WireError) as error:
        raise EnrolmentError(f"{path} cannot be read: {error}", advice="Enrol the host again.") from error
    if record.key_id != key.id:
        raise IdentityError("the host key is not the one that was enrolled", advice="Enrol the host again.")
    return record


def enrolled_ca(state: Path) -> Path | None:
    """Return the file of the authorities given at enrolment, or None."""
    path = state / CA_FILE
    return path if path.is_file() else None
