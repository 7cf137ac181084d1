"""Encodes and decodes records and batches. The bytes come from hosts: any invalid input raises WireError.

Types are never coerced. A field this version does not know is ignored, so that a newer agent's records still count.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from openinspector.model.errors import WireError
from openinspector.model.record import Record
from openinspector.wire.record_kind import RECORD_KINDS
from openinspector.wire.telemetry import TelemetryBatch, TelemetryMessage

T = TypeVar("T")

MAX_KIND_SHOWN: Final = 64
MAX_BRACES: Final = 200_000
"""Opening braces in one batch. An agent sends batches of 512 KiB, which hold a few thousand."""

_ENCODER: Final = msgspec.json.Encoder()
_BATCH: Final = msgspec.json.Decoder(TelemetryBatch)
_RECORD: Final[Mapping[str, msgspec.json.Decoder[Record]]] = MappingProxyType(
    {name: msgspec.json.Decoder(kind) for name, kind in RECORD_KINDS.items()}
)


def encode_json(value: object, what: str) -> bytes:
    """Return a struct or record as JSON; WireError, naming ``what``, if a text is not Unicode."""
    try:
        return _ENCODER.encode(value)
    except UnicodeError as error:
        raise WireError(f"{what} holds text that is not Unicode: {error}") from error


def decode_json(data: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """Return ``data`` decoded; WireError, naming ``what``, if it does not match the decoder's type exactly."""
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise WireError(f"{what} is not understood: {error}") from error
    except RecursionError as error:
        raise WireError(f"{what} is nested too deeply") from error


def encode_record(sensor: str, record: Record) -> TelemetryMessage:
    """Return the message that carries ``record``; WireError if its text is not Unicode."""
    kind = type(record).__name__
    return TelemetryMessage(sensor=sensor, kind=kind, payload=msgspec.Raw(encode_json(record, f"a {kind} record")))


def decode_message(message: TelemetryMessage) -> Record:
    """Return the record of a message; WireError if its kind is unknown or its payload does not match."""
    decoder = _RECORD.get(message.kind)
    if decoder is None:
        raise WireError(f"no record is named {message.kind[:MAX_KIND_SHOWN]!r}")
    return decode_json(message.payload, decoder, f"a {message.kind} record")


def message_size(message: TelemetryMessage) -> int:
    """Return the size of a message's payload in bytes, as ``dataSize`` counts it (F3.8)."""
    return len(memoryview(message.payload))


def encode_batch(messages: Iterable[TelemetryMessage]) -> bytes:
    """Return the payload of one envelope, before compression."""
    return encode_json(TelemetryBatch(messages=tuple(messages)), "a batch")


def decode_batch(plaintext: bytes) -> TelemetryBatch:
    """Return the messages of an envelope's payload, each still raw; WireError.

    Even a short message takes some hundred bytes of memory. A batch has at most as many messages as opening braces, so
    a batch with too many is refused before any is decoded.
    """
    if plaintext.count(b"{") > MAX_BRACES:
        raise WireError(f"a telemetry batch holds more than {MAX_BRACES} messages or objects in them")
    return decode_json(plaintext, _BATCH, "a telemetry batch")
