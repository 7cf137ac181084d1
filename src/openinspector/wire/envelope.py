"""Envelope: one upload of telemetry, the exact bytes that are spooled, signed and sent.

Layout: ``OIT1``, length of the header (4 bytes, big-endian), header (JSON), payload. The payload is a
`TelemetryBatch` as JSON, compressed with zlib (RFC 1950) so that agents need the standard library only. The service
compresses it again with zstd before sealing.

A run has one stream per host. Its envelopes are numbered from 1, and a manifest with a digest over all of them closes
it: sending an envelope again is harmless, and a loss is visible. A new layout gets a new magic number; the old one
stays readable for as long as agents send it.
"""

import hashlib
import zlib
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from openinspector.model.errors import WireError
from openinspector.wire.codec import decode_json, encode_json
from openinspector.wire.message import AgentIdText, RunArnText, Sequence, Sha256, StreamName

MAGIC: Final = b"OIT1"
MAX_ENVELOPE_BYTES: Final = 4 * 1024 * 1024
MAX_PLAINTEXT_BYTES: Final = 16 * 1024 * 1024
MAX_HEADER_BYTES: Final = 4096
SLOWEST_BYTES_A_SECOND: Final = 2048
"""Both sides allow a body one second per this many bytes, in addition to the 60 seconds of any request.

A fixed limit would abort the same envelope again and again on a slow connection.
"""

_LENGTH_BYTES: Final = 4
_PREFIX_BYTES: Final = len(MAGIC) + _LENGTH_BYTES


class EnvelopeHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The run, agent and stream of the payload, and its digest."""

    run_arn: RunArnText
    agent_id: AgentIdText
    stream: StreamName
    seq: Sequence
    digest: Sha256
    """SHA-256 of the payload before compression."""
    size: Annotated[int, msgspec.Meta(ge=2, le=MAX_PLAINTEXT_BYTES)]
    """Bytes of the payload before compression."""


_HEADER: Final = msgspec.json.Decoder(EnvelopeHeader)


def encode_envelope(*, run_arn: str, agent_id: str, stream: str, seq: int, plaintext: bytes) -> bytes:
    """Return the envelope that carries ``plaintext``; WireError if it would exceed the limits of the gateway.

    The same arguments give the same bytes, so that a retried envelope is identical.
    """
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise WireError(f"a payload of {len(plaintext)} bytes is larger than {MAX_PLAINTEXT_BYTES}")
    header = encode_json(
        EnvelopeHeader(
            run_arn=run_arn,
            agent_id=agent_id,
            stream=stream,
            seq=seq,
            digest=payload_digest(plaintext),
            size=len(plaintext),
        ),
        "an envelope's header",
    )
    envelope = MAGIC + len(header).to_bytes(_LENGTH_BYTES, "big") + header + zlib.compress(plaintext)
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise WireError(f"an envelope of {len(envelope)} bytes is larger than {MAX_ENVELOPE_BYTES}")
    return envelope


def decode_header(envelope: bytes) -> EnvelopeHeader:
    """Return an envelope's header without decoding its payload; WireError."""
    return _split(envelope)[0]


def decode_envelope(envelope: bytes) -> tuple[EnvelopeHeader, bytes]:
    """Return header and payload; WireError if anything is malformed, too large or does not match the digest.

    Inflates at most the announced size, which is at most the limit.
    """
    header, payload = _split(envelope)
    plaintext = _inflate(payload, header.size)
    if payload_digest(plaintext) != header.digest:
        raise WireError("the envelope's payload is not what its digest says")
    return header, plaintext


def payload_digest(plaintext: bytes) -> str:
    """Return the SHA-256 of a payload, hexadecimal."""
    return hashlib.sha256(plaintext).hexdigest()


def chain_digest(digests: Iterable[str]) -> str:
    """Return SHA-256 over the raw digests in order, hexadecimal: the ``chain`` of a manifest."""
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()


def _split(envelope: bytes) -> tuple[EnvelopeHeader, bytes]:
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise WireError(f"an envelope of {len(envelope)} bytes is larger than {MAX_ENVELOPE_BYTES}")
    if not envelope.startswith(MAGIC):
        raise WireError("not an envelope: it does not begin with OIT1")
    length = int.from_bytes(envelope[len(MAGIC) : _PREFIX_BYTES], "big")
    end = _PREFIX_BYTES + length
    if length > MAX_HEADER_BYTES or end > len(envelope):
        raise WireError("the envelope's header is too long or cut off")
    return decode_json(envelope[_PREFIX_BYTES:end], _HEADER, "the envelope's header"), envelope[end:]


def _inflate(payload: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        # One byte more than announced shows a payload that is too long without inflating the rest of it.
        plaintext = inflater.decompress(payload, size + 1)
    except zlib.error as error:
        raise WireError(f"the envelope's payload does not inflate: {error}") from error
    if len(plaintext) != size:
        raise WireError("the envelope's payload is not of the size its header says")
    if not inflater.eof or inflater.unused_data:
        raise WireError("the envelope's payload is cut off or followed by something else")
    return plaintext
