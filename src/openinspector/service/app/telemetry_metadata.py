"""Telemetry metadata: messages and bytes by type, and their `Total` (F3.6 to F3.10)."""

from collections.abc import Iterable, Mapping
from typing import Final

from openinspector.service.ports.telemetry_store import Volume
from openinspector.wire.telemetry import MessageType

TOTAL: Final = "Total"


def metadata_of(volumes: Iterable[Mapping[MessageType, Volume]]) -> list[dict[str, object]]:
    """Return one entry per message type in name order, then `Total`; empty if no messages were sent."""
    counts: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for agent in volumes:
        for kind, volume in agent.items():
            for name in (kind, TOTAL):
                counts[name] = counts.get(name, 0) + volume.count
                sizes[name] = sizes.get(name, 0) + volume.size
    names = [*sorted(counts.keys() - {TOTAL}), *([TOTAL] if counts else [])]
    return [{"messageType": name, "count": counts[name], "dataSize": sizes[name]} for name in names]
