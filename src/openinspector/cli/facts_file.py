"""Files for offline evaluation: facts or an SBOM, and advisories. JSON: one value per line, or one array."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final, Generic, TypeVar

import msgspec

from openinspector.model.advisory import Advisory, Vulnerability
from openinspector.model.errors import OpenInspectorError
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import InstanceMetadata
from openinspector.sbom.document import is_sbom, read_sbom
from openinspector.sbom.facts import SbomFacts, facts_of_sbom
from openinspector.wire.facts import build_facts
from openinspector.wire.telemetry import TelemetryMessage

MAX_BYTES: Final = 1 << 30
UNKNOWN_AGENT: Final = "host-00000000000000000"
_HOW_TO_MAKE_FACTS: Final = "Make one on the host with `openinspector agent collect --dry-run --json > facts.json`."

_HOW_TO_MAKE_ADVISORIES: Final = "Each value is an object with the fields of an Advisory."
_HOW_TO_MAKE_VULNERABILITIES: Final = "Each value is an object with the fields of a Vulnerability."
VULNERABILITIES: Final = "vulnerabilities"
"""Name of the file of CVE records in a folder of advisories, without its ending."""
FEEDS: Final = "feeds"
"""Name of the file of a `FeedStates` there."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Decoders(Generic[T]):
    line: msgspec.json.Decoder[T]
    array: msgspec.json.Decoder[list[T]]


_MESSAGES: Final = _Decoders(msgspec.json.Decoder(TelemetryMessage), msgspec.json.Decoder(list[TelemetryMessage]))
_RECORDS: Final = _Decoders(msgspec.json.Decoder(Vulnerability), msgspec.json.Decoder(list[Vulnerability]))
_ADVISORIES: Final = _Decoders(msgspec.json.Decoder(Advisory), msgspec.json.Decoder(list[Advisory]))


class FactsFileError(OpenInspectorError):
    """A file without facts or advisories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHost:
    """One host as a file describes it."""

    facts: HostFacts
    sbom: SbomFacts | None = None
    """Notes of the SBOM reader; None for telemetry."""


def read_host(path: str, agent_id: str | None) -> ReadHost:
    """Return the host that a file of telemetry messages or an SBOM describes; ``-`` is standard input."""
    content = _read(path)
    if is_sbom(content):
        sbom = facts_of_sbom(read_sbom(content), agent_id or UNKNOWN_AGENT)
        return ReadHost(facts=sbom.facts, sbom=sbom)
    facts = facts_of(_decoded(path, content, _MESSAGES, "telemetry messages", _HOW_TO_MAKE_FACTS), agent_id)
    if not facts.sensors:
        raise FactsFileError(f"{path} holds no finished collection of any sensor", advice=_HOW_TO_MAKE_FACTS)
    return ReadHost(facts=facts)


def facts_of(messages: Iterable[TelemetryMessage], agent_id: str | None) -> HostFacts:
    """Return the host that messages describe: called ``agent_id``, else by its instance id, else `UNKNOWN_AGENT`."""
    facts = build_facts(UNKNOWN_AGENT, messages)
    metadata = facts.only(InstanceMetadata)
    name = agent_id or (metadata.instance_id if metadata else "") or UNKNOWN_AGENT
    return replace(facts, agent_id=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStates:
    """The states of the feeds that advisories are from."""

    fingerprints: dict[str, str] = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)
    """As `openinspector.engine.match.AdvisoryIndex.days`."""


def read_feeds(path: str) -> FeedStates:
    """Return the states in ``feeds.json`` of a folder; empty ones for a file."""
    file = Path(path) / f"{FEEDS}.json"
    if path == "-" or not file.is_file():
        return FeedStates()
    try:
        return msgspec.json.decode(_read(str(file)), type=FeedStates)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise FactsFileError(f"{file} does not hold the states of feeds: {error}") from error


def read_advisories(path: str) -> list[Advisory]:
    """Return the advisories of a file or of a folder's ``.json`` and ``.jsonl`` files; ``-`` is standard input."""
    if path == "-" or not Path(path).is_dir():
        return _decoded(path, _read(path), _ADVISORIES, "advisories", _HOW_TO_MAKE_ADVISORIES)
    files = [file for file in _json_files(path) if file.stem not in (VULNERABILITIES, FEEDS)]
    if not files:
        raise FactsFileError(f"{path} holds no .json or .jsonl file", advice=_HOW_TO_MAKE_ADVISORIES)
    return [advisory for file in files for advisory in read_advisories(str(file))]


def read_vulnerabilities(path: str) -> dict[str, Vulnerability]:
    """Return the CVEs of ``vulnerabilities.json`` or ``.jsonl`` in a folder, by id; none for a file."""
    found: dict[str, Vulnerability] = {}
    if path == "-" or not Path(path).is_dir():
        return found
    for file in _json_files(path):
        if file.stem == VULNERABILITIES:
            content = _read(str(file))
            for one in _decoded(str(file), content, _RECORDS, "CVE records", _HOW_TO_MAKE_VULNERABILITIES):
                found[one.id] = found[one.id].merge(one) if one.id in found else one
    return found


def _json_files(folder: str) -> list[Path]:
    return sorted(file for file in Path(folder).iterdir() if file.suffix in (".json", ".jsonl"))


def _decoded(path: str, content: bytes, decoders: _Decoders[T], what: str, advice: str) -> list[T]:
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
