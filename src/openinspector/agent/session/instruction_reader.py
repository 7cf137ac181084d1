"""Reads the service's instructions separately and refuses any that is not exactly one of the closed set.

This module keeps the promise "the agent never runs code that it receives": every result is one of four frozen types,
and the sensors that it names are built in.
"""

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from openinspector.agent.session.stream import StreamOrder
from openinspector.model.errors import WireError
from openinspector.model.foreign_text import printable_line
from openinspector.wire.codec import decode_json
from openinspector.wire.instruction import Instruction, StartCollection
from openinspector.wire.message import Refusal

MAX_AHEAD: Final = timedelta(hours=48)
"""A run lasts at most 24 hours; the rest allows for wrong clocks."""
MAX_INSTRUCTION_SHOWN: Final = 200
MAX_REASON: Final = 500

_DECODER: Final[msgspec.json.Decoder[Instruction]] = msgspec.json.Decoder(Instruction)


def read_instruction(raw: msgspec.Raw) -> Instruction | Refusal:
    """Return the instruction, or its refusal: an unknown kind, an unknown field, a value out of bounds."""
    try:
        return decode_json(raw, _DECODER, "the instruction")
    except WireError as error:
        return refusal_of(bytes(raw).decode(errors="replace"), str(error))


def read_start(
    start: StartCollection, known_sensors: Container[str], now: datetime
) -> tuple[StreamOrder | None, tuple[Refusal, ...]]:
    """Return the collection to start, or None, and the refused parts.

    Unknown sensors are refused one by one. An order without any known sensor is still returned, so that its stream is
    opened and closed and the service does not wait.
    """
    wrong = _wrong_end(start.ends_at, now)
    if wrong:
        return None, (refusal_of(f"start-collection of {start.run_arn}", wrong),)
    sensors = tuple(dict.fromkeys(start.sensors))
    known = tuple(sensor for sensor in sensors if sensor in known_sensors)
    order = StreamOrder(
        run_arn=start.run_arn,
        sensors=known,
        ends_at=start.ends_at,
        close_when_collected=start.close_when_collected,
    )
    unknown = (sensor for sensor in sensors if sensor not in known)
    return order, tuple(refusal_of(f"sensor {sensor}", "this agent has no such sensor") for sensor in unknown)


def joined_refusals(refusals: Iterable[Refusal], limit: int) -> tuple[Refusal, ...]:
    """Return at most ``limit`` refusals. If there are more, the last one counts the rest."""
    listed = tuple(refusals)
    if len(listed) <= limit:
        return listed
    more = len(listed) - limit + 1
    return (*listed[: limit - 1], Refusal(instruction="…", reason=f"{more} more instructions were refused"))


def refusal_of(text: str, reason: str) -> Refusal:
    """Return the refusal of the instruction ``text``, sanitised and cut for a heartbeat."""
    return Refusal(instruction=printable_line(text[:MAX_INSTRUCTION_SHOWN]), reason=printable_line(reason[:MAX_REASON]))


def _wrong_end(ends_at: datetime, now: datetime) -> str:
    if ends_at.tzinfo is None:
        return "ends_at has no time zone"
    if ends_at <= now:
        return "the collection has ended already"
    return "ends_at is more than 48 hours ahead" if ends_at - now > MAX_AHEAD else ""
