"""Files of facts and advisories for offline evaluation: JSON, one value a line or one array of all."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, Generic, TypeVar

import msgspec

from openinspector.model.advisory import Advisory
from openinspector.model.errors import OpenInspectorError
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import InstanceMetadata
from openinspector.wire.facts import build_facts
from openinspector.wire.telemetry import TelemetryMessage

MAX_BYTES: Final = 1 << 30
UNKNOWN_AGENT: Final = "host-00000000000000000"
_HOW_TO_MAKE_FACTS: Final = "Make one on the host with `openinspector agent collect --dry-run --json > facts.json`."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Decoders(Generic[T]):
    line: msgspec.json.Decoder[T]
    array: msgspec.json.Decoder[list[T]]


_MESSAGES: Final = _Decoders(msgspec.json.Decoder(TelemetryMessage), msgspec.json.Decoder(list[TelemetryMessage]))
_ADVISORIES: Final = _Decoders(msgspec.json.Decoder(Advisory), msgspec.json.Decoder(list[Advisory]))


class FactsFileError(OpenInspectorError):
    """A file that holds no facts or advisories."""


def read_facts(path: str, agent_id: str | None) -> HostFacts:
    """Return the host that the telemetry messages of a file describe; ``-`` is standard input."""
    messages = _values(path, _MESSAGES, "telemetry messages", _HOW_TO_MAKE_FACTS)
    facts = facts_of(messages, agent_id)
    if not facts.sensors:
        raise FactsFileError(f"{path} holds no finished collection of any sensor", advice=_HOW_TO_MAKE_FACTS)
    return facts


def facts_of(messages: Iterable[TelemetryMessage], agent_id: str | None) -> HostFacts:
    """Return the host that messages describe: called ``agent_id``, else by its instance id, else `UNKNOWN_AGENT`."""
    facts = build_facts(UNKNOWN_AGENT, messages)
    metadata = facts.only(InstanceMetadata)
    name = agent_id or (metadata.instance_id if metadata else "") or UNKNOWN_AGENT
    return replace(facts, agent_id=name)


def read_advisories(path: str) -> list[Advisory]:
    """Return the advisories of a file; ``-`` is standard input."""
    return _values(path, _ADVISORIES, "advisories", "Each value is an object with the fields of an Advisory.")


def _values(path: str, decoders: _Decoders[T], what: str, advice: str) -> list[T]:
    content = _read(path)
    try:
        if content.lstrip()[:1] == b"[":
            return decoders.array.decode(content)
        return decoders.line.decode_lines(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FactsFileError(f"{path} does not hold {what}: {error}", advice=advice) from error


def _read(path: str) -> bytes:
    try:
        if path == "-":
            return _bounded(sys.stdin.buffer, "standard input")
        with Path(path).open("rb") as file:
            return _bounded(file, path)
    except OSError as error:
        raise FactsFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _bounded(file: IO[bytes], path: str) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FactsFileError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    return content
