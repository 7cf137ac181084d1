"""The law of evaluation: memory is at most a constant plus a multiple of the bytes accepted, whatever a host sends."""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.service.gateway_world import AGENT, OTHER_AGENT, RUN, envelope, plaintext, records
from tests.service.worker.test_evaluation import PACKAGE, Evaluation

from openinspector.model.exclusion import ExclusionKind
from openinspector.model.inventory import KernelParameters, MonitoringStart, SensorState, SensorStatus
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.service.ports.telemetry_store import StreamLimits
from openinspector.wire import facts as wire_facts
from openinspector.wire.codec import encode_batch, encode_record
from openinspector.wire.telemetry import TelemetryMessage

CONSTANT = 8 * 1024 * 1024
PER_BYTE = 12
"""The worst measured is 6.3: dictionaries with short keys and empty values."""
ENVELOPE_BYTES = 1024 * 1024
PACKAGE_JSON = b'{"manager":"dpkg","name":"a%d","version":"1","architecture":"","source_name":"","source_version":""}'


def raw(sensor: str, kind: str, payload: bytes) -> TelemetryMessage:
    return TelemetryMessage(sensor=sensor, kind=kind, payload=msgspec.Raw(payload))


def packages(number: int) -> Iterator[TelemetryMessage]:
    while True:
        number += 1
        yield raw("dpkg", "Package", PACKAGE_JSON % number)


def dictionaries(number: int) -> Iterator[TelemetryMessage]:
    while True:
        number += 1
        values = {f"{number}{key}": "" for key in range(1000)}
        yield encode_record("kernel_parameters", KernelParameters(values=values))


def words(_number: int) -> Iterator[TelemetryMessage]:
    while True:
        yield encode_record("agent", MonitoringStart(agent_version="1", sensors=tuple("ab" for _ in range(1000))))


def unknown(_number: int) -> Iterator[TelemetryMessage]:
    while True:
        yield raw("", "", b"0")


def statuses(number: int) -> Iterator[TelemetryMessage]:
    while True:
        number += 1
        yield encode_record(f"s{number}", SensorStatus(sensor=f"s{number}", state=SensorState.OK, records=0))


Hostile = Callable[[int], Iterator[TelemetryMessage]]


def batch(hostile: Hostile, number: int, *, last: bool = True) -> bytes:
    """Return a plaintext of about `ENVELOPE_BYTES`. The last one ends with a status, so that all records count."""
    messages, size = [], 0
    for message in hostile(number * 1_000_000):
        size += len(msgspec.json.encode(message)) + 1
        if size > ENVELOPE_BYTES:
            break
        messages.append(message)
    status = SensorStatus(sensor=messages[0].sensor, state=SensorState.OK, records=0)
    return encode_batch([*messages, encode_record(messages[0].sensor, status)] if last else messages)


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    evaluation = Evaluation(tmp_path)
    rules = tuple(rule for rules in discover_rules().values() for rule in rules.values())
    evaluation.evaluator = replace(evaluation.evaluator, rules={PACKAGE: rules})
    return evaluation


def peak(action: Callable[[], object]) -> int:
    """Return the most bytes that were allocated by Python at once while ``action`` ran."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("hostile", [packages, dictionaries, words, unknown, statuses])
@pytest.mark.parametrize("envelopes", [1, 4])
def test_memory_is_proportional_to_accepted_bytes(evaluation: Evaluation, hostile: Hostile, envelopes: int) -> None:
    accepted = 0
    for seq in range(1, envelopes + 1):
        content = batch(hostile, seq, last=seq == envelopes)
        accepted += len(content)
        evaluation.world.telemetry.ingest(AGENT, envelope(seq, content))
    used = peak(lambda: evaluation.evaluate(AGENT))

    assert used <= CONSTANT + PER_BYTE * accepted


def test_hosts_of_a_batch_are_held_one_at_a_time(evaluation: Evaluation) -> None:
    content = batch(packages, 1)
    for agent in (AGENT, OTHER_AGENT):
        evaluation.world.telemetry.ingest(agent, envelope(1, content, agent=agent))
    one = peak(lambda: evaluation.evaluate(AGENT))
    assert peak(lambda: evaluation.evaluate(AGENT, OTHER_AGENT)) < 1.5 * one


def test_a_superseded_collection_is_not_held(evaluation: Evaluation) -> None:
    evaluation.world.telemetry.ingest(AGENT, envelope(1, batch(packages, 1)))
    one = peak(lambda: evaluation.evaluate(AGENT))
    for seq in range(2, 8):
        evaluation.world.telemetry.ingest(AGENT, envelope(seq, batch(packages, seq)))
    assert peak(lambda: evaluation.evaluate(AGENT)) < 3 * one


@pytest.mark.parametrize(
    "limits", [StreamLimits(records=10_000, size=2**40), StreamLimits(records=2**40, size=2 * ENVELOPE_BYTES)]
)
def test_a_host_that_sends_more_is_refused_and_excluded(evaluation: Evaluation, limits: StreamLimits) -> None:
    world = evaluation.world
    world.use(world.objects, limits=limits)
    evaluation.evaluator = replace(evaluation.evaluator, telemetry=world.telemetry)
    world.telemetry.ingest(AGENT, envelope(1, batch(packages, 1)))
    world.telemetry.ingest(AGENT, envelope(2, content=plaintext(records())))
    too_much = envelope(3, batch(packages, 3))
    with pytest.raises(RefusedError) as refused:
        world.telemetry.ingest(AGENT, too_much)
    assert refused.value.code is RefusalCode.STREAM_CLOSED
    assert world.counters.value("openinspector_gateway_alarms_total", kind="stream-overflow") == 1
    assert world.index.stream(RUN, AGENT, "collection") is not None
    world.telemetry.ingest(OTHER_AGENT, envelope(agent=OTHER_AGENT))
    assert evaluation.evaluate(AGENT, OTHER_AGENT).hosts == 2
    excluded = [one for one in evaluation.exclusions() if "amount" in one.description]
    assert [one.kind for one in excluded] == [ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE]
    assert [scope.value for scope in excluded[0].scopes] == [AGENT]


def test_exceeding_the_memory_limit_is_an_exclusion(evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_facts, "MAX_HELD_RECORDS", 5000)
    evaluation.world.telemetry.ingest(AGENT, envelope(1, batch(packages, 1)))
    assert evaluation.evaluate(AGENT).errors == 1
    (excluded,) = evaluation.exclusions()
    assert "5000 records" in excluded.description


def test_many_small_messages_are_refused_before_they_are_made(evaluation: Evaluation) -> None:
    content = b'{"messages":[' + b",".join([b'{"sensor":"","kind":"","payload":0}'] * 400_000) + b"]}"
    sent = envelope(1, content)

    def ingest() -> None:
        with pytest.raises(Exception, match="holds more than"):
            evaluation.world.telemetry.ingest(AGENT, sent)

    assert peak(ingest) < 2.5 * len(content)
