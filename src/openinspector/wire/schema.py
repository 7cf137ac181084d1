"""JSON Schema of the messages between agent and service, for people and programs outside this project.

One file per subject and version; a released version is never edited.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, get_args

import msgspec

from openinspector.wire import message, release
from openinspector.wire.envelope import EnvelopeHeader
from openinspector.wire.instruction import Instruction
from openinspector.wire.record_kind import RECORD_KINDS
from openinspector.wire.telemetry import TelemetryBatch

_MESSAGES: Final[tuple[type[msgspec.Struct], ...]] = (
    message.Challenge,
    message.EnrolmentRequest,
    message.Enrolment,
    message.KeyRotation,
    message.KeyRotated,
    message.SessionRequest,
    message.Session,
    message.Heartbeat,
    message.HeartbeatReply,
    message.Receipt,
    message.Manifest,
    message.ManifestReply,
    message.Problem,
)
_RELEASES: Final[tuple[type[msgspec.Struct], ...]] = (
    release.SignedRelease,
    release.ReleaseRequest,
    release.ReleaseReply,
    release.ReleaseReport,
    release.ReportReceipt,
)
_REFERENCE: Final = "#/$defs/{name}"


def schemas() -> Mapping[str, bytes]:
    """Return the content of every file in ``schemas/`` by name: JSON with sorted keys and a final newline."""
    return MappingProxyType(
        {
            "instruction.v1.json": _document(
                "Instruction: the closed set of actions that a service can request from an agent", get_args(Instruction)
            ),
            "message.v1.json": _document("Bodies of requests and replies between agent and gateway", _MESSAGES),
            "release.v1.json": _document(
                "Releases of the agent: metadata of targets, requests and reports of agents", _RELEASES
            ),
            "telemetry.v1.json": _document(
                "Telemetry: an envelope's header, the batch in it, and the payload of each kind",
                (EnvelopeHeader, TelemetryBatch, *RECORD_KINDS.values()),
            ),
        }
    )


def _document(title: str, types: Sequence[type[object]]) -> bytes:
    """Return one schema: any of ``types``, each defined under its own name."""
    references, definitions = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": list(references),
        "$defs": {name: _described(definition) for name, definition in definitions.items()},
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def _described(definition: Mapping[str, object]) -> dict[str, object]:
    """Return a definition with its description on one line, because Python versions indent docstrings differently."""
    description = definition.get("description")
    return {**definition, **({"description": " ".join(description.split())} if isinstance(description, str) else {})}
