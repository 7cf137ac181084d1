from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from openinspector.agent.session.instruction_reader import joined_refusals, read_instruction, read_start
from openinspector.wire.instruction import Reattest, SetHeartbeatInterval, StartCollection, StopCollection
from openinspector.wire.message import Refusal

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def start(**changes: object) -> StartCollection:
    given = StartCollection(
        run_arn="run", sensors=("dpkg", "rpm"), ends_at=NOW + timedelta(hours=1), close_when_collected=True
    )
    return msgspec.structs.replace(given, **changes)


@pytest.mark.parametrize(
    "instruction", [start(), StopCollection(run_arn="run", discard=True), SetHeartbeatInterval(seconds=5), Reattest()]
)
def test_the_closed_set_is_read(instruction: object) -> None:
    assert read_instruction(msgspec.Raw(msgspec.json.encode(instruction))) == instruction


@pytest.mark.parametrize(
    "raw",
    [
        b'{"kind":"run-command","command":"id"}',
        (
            b'{"kind":"start-collection","run_arn":"r","sensors":["dpkg"],"ends_at":"2026-03-01T00:00:00Z",'
            b'"close_when_collected":true,"path":"/etc/shadow"}'
        ),
        (
            b'{"kind":"start-collection","run_arn":"r","sensors":["../x"],"ends_at":"2026-03-01T00:00:00Z",'
            b'"close_when_collected":true}'
        ),
        (
            b'{"kind":"start-collection","run_arn":"r","sensors":[],"ends_at":"2026-03-01T00:00:00Z",'
            b'"close_when_collected":true}'
        ),
        b'{"kind":"stop-collection","run_arn":"","discard":false}',
        b'{"kind":"stop-collection","run_arn":"r","discard":"no"}',
        b'{"kind":"set-heartbeat-interval","seconds":4}',
        b'{"kind":"set-heartbeat-interval","seconds":301}',
        b'{"kind":"set-heartbeat-interval","seconds":60.0}',
        b'{"kind":"re-attest","url":"https://evil.example"}',
        b'{"KIND":"re-attest"}',
        b"[]",
        b"null",
        b'"\xff"',
        b"[" * 100_000,
    ],
)
def test_invalid_instructions_are_refused_with_a_reason(raw: bytes) -> None:
    refusal = read_instruction(msgspec.Raw(raw))
    assert isinstance(refusal, Refusal)
    assert refusal.reason
    assert refusal.instruction.isprintable()
    # It must itself fit into a heartbeat.
    msgspec.json.decode(msgspec.json.encode(refusal), type=Refusal)


def test_unknown_sensors_are_refused_one_by_one_and_the_others_run() -> None:
    order, refusals = read_start(start(sensors=("dpkg", "rootkit", "dpkg", "keylog")), {"dpkg"}, NOW)
    assert order is not None
    assert order.sensors == ("dpkg",)
    assert [refusal.instruction for refusal in refusals] == ["sensor rootkit", "sensor keylog"]


def test_start_without_known_sensors_is_accepted() -> None:
    order, refusals = read_start(start(), set(), NOW)
    assert order is not None
    assert order.sensors == ()
    assert len(refusals) == 2


@pytest.mark.parametrize(
    ("ends_at", "message"),
    [
        (datetime(2026, 3, 1, 1, tzinfo=UTC).replace(tzinfo=None), "no time zone"),
        (NOW, "ended already"),
        (NOW + timedelta(hours=49), "48 hours"),
    ],
)
def test_invalid_end_time_is_refused(ends_at: datetime, message: str) -> None:
    order, refusals = read_start(start(ends_at=ends_at), {"dpkg"}, NOW)
    assert order is None
    assert message in refusals[0].reason


def test_excess_refusals_are_summarised() -> None:
    many = [Refusal(instruction=str(number), reason="x") for number in range(40)]
    joined = joined_refusals(many, 32)
    assert len(joined) == 32
    assert joined[-1].reason == "9 more instructions were refused"
    assert joined_refusals(many[:32], 32) == tuple(many[:32])
