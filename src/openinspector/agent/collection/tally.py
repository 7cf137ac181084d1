"""Totals of one collection: messages, bytes and time of each sensor, and the envelopes that would carry them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.agent.collection.collector import CollectionBatch
from openinspector.agent.session.stream import STREAM
from openinspector.model.inventory import SensorStatus
from openinspector.wire.codec import decode_message, message_size
from openinspector.wire.envelope import encode_envelope
from openinspector.wire.telemetry import TelemetryMessage

_SOME_RUN: Final = "arn:aws:inspector:us-east-1:000000000000:target/0-00000000/template/0-00000000/run/0-00000000"
_SOME_AGENT: Final = "host-00000000000000000"
"""As long as real ones, because an envelope's header contains both."""


@dataclass(slots=True)
class SensorTally:
    """Totals of one sensor."""

    messages: int = 0
    size: int = 0
    """Bytes of its messages before compression."""
    state: str = ""
    duration_ms: int = 0


class CollectionTally:
    """Counts messages as they pass, and packs them as a run's collection does."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.sensors: dict[str, SensorTally] = {}
        self.envelopes = 0
        self.wire_bytes = 0
        """Bytes of all envelopes, compressed and with headers, without HTTP and TLS."""
        self._batch = CollectionBatch(append=self._pack, monotonic=monotonic)

    @property
    def messages(self) -> int:
        """Number of messages."""
        return sum(sensor.messages for sensor in self.sensors.values())

    @property
    def size(self) -> int:
        """Bytes of all messages before compression."""
        return sum(sensor.size for sensor in self.sensors.values())

    def counted(self, messages: Iterable[TelemetryMessage]) -> Iterator[TelemetryMessage]:
        """Yield ``messages``; the tally is complete after the last one."""
        for message in messages:
            self._count(message)
            yield message
        self._batch.flush()

    def _count(self, message: TelemetryMessage) -> None:
        sensor = self.sensors.setdefault(message.sensor, SensorTally())
        sensor.messages += 1
        sensor.size += message_size(message)
        if message.kind == SensorStatus.__name__:
            status = decode_message(message)
            assert isinstance(status, SensorStatus)
            sensor.state, sensor.duration_ms = status.state.value, status.duration_ms
        self._batch.add(message)

    def _pack(self, plaintext: bytes) -> bool:
        self.envelopes += 1
        self.wire_bytes += len(
            encode_envelope(
                run_arn=_SOME_RUN, agent_id=_SOME_AGENT, stream=STREAM, seq=self.envelopes, plaintext=plaintext
            )
        )
        return True
