"""Telemetry messages: their types (F3.12 to F3.16) and the batches agents send them in."""

from typing import NewType

import msgspec

from openinspector.model.record import Record

MessageType = NewType("MessageType", str)


def message_type(record: Record) -> MessageType:
    """Return the message type a record is counted and listed under."""
    return MessageType(record.message_type())


class TelemetryMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of one sensor. ``payload`` is kept raw until its ``kind`` says how to decode it."""

    sensor: str
    kind: str
    """Class name of the record: ``Package``, ``User``, ``Process``."""
    payload: msgspec.Raw


class TelemetryBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of one envelope: messages in the order collected."""

    messages: tuple[TelemetryMessage, ...]
