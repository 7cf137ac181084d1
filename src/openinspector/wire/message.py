"""The JSON bodies between agent and gateway: challenge, enrolment, session, heartbeat, manifest, receipt.

Every request after the challenge is signed (`openinspector.wire.signature`). All structs refuse unknown fields;
bounds are part of the types, so every message that decodes is valid.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from openinspector.model.agent import AgentHealthCode, HostDescription
from openinspector.wire.pattern import END

AgentIdText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^(i-[0-9a-f]{8,17}|host-[0-9a-f]{17})" + END)
]
RunArnText = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
StreamName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_-]*" + END)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}" + END)]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
Token = Annotated[str, msgspec.Meta(min_length=16, max_length=128)]

PROTOCOL_VERSION = 1


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Challenge(_Message, frozen=True, kw_only=True):
    """Reply to ``POST /agent/v1/challenge``: a nonce that can be used once within a short time."""

    nonce: Token
    expires_at: datetime


class EnrolmentRequest(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/enrolment``: prove the identity of the host and bind its key to it."""

    nonce: Token
    method: Annotated[str, msgspec.Meta(max_length=32, pattern="^[a-z_]+" + END)]
    """``join_token``, or another method of `openinspector.agent.identities`."""
    evidence: Annotated[dict[str, str], msgspec.Meta(max_length=8)]
    """The proof that the method requires; an additional ``join_token`` gives the agent its tags."""
    public_key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    host: HostDescription


class Enrolment(_Message, frozen=True, kw_only=True):
    """Reply: the agent's id. The same key enrolling again gets the same id."""

    agent_id: AgentIdText


class SessionRequest(_Message, frozen=True, kw_only=True, omit_defaults=True):
    """``POST /agent/v1/session``: open a session of at most one hour, bound to the host key."""

    nonce: Token
    agent_id: AgentIdText
    instance: Annotated[str, msgspec.Meta(max_length=64, pattern="^[0-9a-f]*" + END)] = ""
    """Random, new each time the agent starts: two running instances are two hosts with one key. Empty: not compared."""


class Session(_Message, frozen=True, kw_only=True):
    """Reply: the session's id, its end, and the heartbeat interval."""

    session_id: Token
    expires_at: datetime
    heartbeat_seconds: int


class KeyRotation(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/rotation``: replace the host key. The request is signed with the current key."""

    public_key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    """The new one."""
    proof: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    """Signature of the new key over `openinspector.wire.signature.rotation_statement`."""


class KeyRotated(_Message, frozen=True, kw_only=True):
    """Reply: the current key; every session of the agent has ended."""

    key_id: Sha256


class Refusal(_Message, frozen=True, kw_only=True):
    """An instruction that the agent refused, and the reason."""

    instruction: Annotated[str, msgspec.Meta(max_length=200)]
    reason: Annotated[str, msgspec.Meta(max_length=500)]


class SpoolReport(_Message, frozen=True, kw_only=True):
    """Size of the spool, and what it dropped since the agent started."""

    bytes_used: int = 0
    bytes_limit: int = 0
    envelopes: int = 0
    envelopes_dropped: int = 0


class Heartbeat(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/heartbeat``: the agent's state and the runs that it collects for."""

    host: HostDescription
    health_code: AgentHealthCode
    health_details: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    collecting: Annotated[tuple[RunArnText, ...], msgspec.Meta(max_length=16)] = ()
    refusals: Annotated[tuple[Refusal, ...], msgspec.Meta(max_length=32)] = ()
    spool: SpoolReport = SpoolReport()


class HeartbeatReply(_Message, frozen=True, kw_only=True):
    """The service's answer: instructions, each kept raw so that an unknown one does not affect the others."""

    instructions: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=64)] = ()


class Receipt(_Message, frozen=True, kw_only=True):
    """Reply to an uploaded envelope: it is stored durably, like all envelopes up to ``watermark``."""

    run_arn: RunArnText
    stream: StreamName
    seq: Sequence
    digest: Sha256
    watermark: Annotated[int, msgspec.Meta(ge=0)]
    """Highest number n such that envelopes 1 to n are all stored; the spool may drop those."""


class Manifest(_Message, frozen=True, kw_only=True, omit_defaults=True):
    """``POST /agent/v1/manifest``: closes a stream. ``chain`` is SHA-256 over the digests in order."""

    run_arn: RunArnText
    stream: StreamName
    count: Annotated[int, msgspec.Meta(ge=0)]
    chain: Sha256
    dropped: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Envelopes lost: telemetry loss. Includes ``unnumbered``."""
    unnumbered: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Lost envelopes without a number: the spool was full."""
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """List only missing envelopes above this number: the agent already counts the ones below as lost."""


class ManifestReply(_Message, frozen=True, kw_only=True):
    """Reply: whether the stream is complete; otherwise the first missing envelopes, to be sent again."""

    closed: bool
    missing: Annotated[tuple[Sequence, ...], msgspec.Meta(max_length=1000)] = ()


class Problem(_Message, frozen=True, kw_only=True):
    """Body of every refusal: a stable code, what happened, what to do. Never a stack trace."""

    code: str
    message: str
    advice: str = ""
