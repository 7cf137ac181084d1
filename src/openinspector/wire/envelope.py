"""Envelope: one upload of telemetry, the exact bytes that are spooled, signed and sent.

Layout: ``OIT1``, length of the header (4 bytes, big-endian), header (JSON), payload. The payload is a
`TelemetryBatch` as JSON, compressed with zlib (RFC 1950) so that agents need the standard library only.
"""

from typing import Annotated, Final

import msgspec

from openinspector.wire.message import AgentIdText, RunArnText, Sequence, Sha256, StreamName

MAGIC: Final = b"OIT1"
MAX_ENVELOPE_BYTES: Final = 4 * 1024 * 1024
MAX_PLAINTEXT_BYTES: Final = 16 * 1024 * 1024


class EnvelopeHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the payload belongs and what it must hash to."""

    run_arn: RunArnText
    agent_id: AgentIdText
    stream: StreamName
    seq: Sequence
    digest: Sha256
    """SHA-256 of the payload before compression."""
    size: Annotated[int, msgspec.Meta(ge=2, le=MAX_PLAINTEXT_BYTES)]
    """Bytes of the payload before compression."""
