from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

from openinspector.agent.collection.collector import Collector
from openinspector.agent.collection.tally import CollectionTally
from openinspector.agent.session.event import Collected, Event
from openinspector.agent.session.stream import StreamOrder
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.model.inventory import Group, MonitoringStart, SensorState, SensorStatus
from openinspector.wire.codec import encode_record, message_size
from openinspector.wire.telemetry import TelemetryMessage

RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-aaaaaaaa/template/0-bbbbbbbb/run/0-cccccccc"
AGENT = "host-" + "0123456789abcdef0"


def messages() -> list[TelemetryMessage]:
    groups = [Group(name=f"group-{number}" * 20, gid=number, members=()) for number in range(5000)]
    return [
        encode_record("agent", MonitoringStart(agent_version="1", sensors=("accounts",))),
        *(encode_record("accounts", group) for group in groups),
        encode_record(
            "accounts", SensorStatus(sensor="accounts", state=SensorState.OK, records=len(groups), duration_ms=7)
        ),
    ]


def spooled(folder: Path, sent: list[TelemetryMessage]) -> tuple[int, int]:
    """Return the (envelopes, bytes) that a run spools for the same messages."""

    def collect(_names: tuple[str, ...], _number: int, _stopped: Callable[[], bool]) -> Iterator[TelemetryMessage]:
        return iter(sent)

    spool = Spool(folder, AGENT, SpoolLimits(bytes=2**26, age=timedelta(days=1)))
    order = StreamOrder(run_arn=RUN, sensors=("accounts",), ends_at=datetime.now(UTC), close_when_collected=False)
    spool.open(order)
    events: SimpleQueue[Event] = SimpleQueue()
    collector = Collector(collect, spool, events.put, lambda: 0.0)
    collector.start(RUN, ("accounts",))
    while not isinstance(events.get(timeout=30), Collected):
        pass
    collector.close()
    found = [spool.read(RUN, seq) or b"" for seq in spool.view().streams[RUN].pending]
    return len(found), sum(len(envelope) for envelope in found)


def test_counts_messages_of_a_run(tmp_path: Path) -> None:
    sent = messages()
    tally = CollectionTally(lambda: 0.0)
    assert list(tally.counted(sent)) == sent
    assert (tally.messages, tally.size) == (len(sent), sum(message_size(message) for message in sent))
    envelopes, size = spooled(tmp_path / "spool", sent)
    assert tally.envelopes == envelopes > 1
    # The digest in each header compresses nothing and the two headers' texts are equally long.
    assert tally.wire_bytes == size


def test_each_sensor_is_counted_separately() -> None:
    tally = CollectionTally(lambda: 0.0)
    list(tally.counted(messages()))
    assert list(tally.sensors) == ["agent", "accounts"]
    accounts = tally.sensors["accounts"]
    assert (accounts.messages, accounts.state, accounts.duration_ms) == (5001, "OK", 7)
    assert tally.sensors["agent"].state == ""
