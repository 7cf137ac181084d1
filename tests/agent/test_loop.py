import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import msgspec
import pytest
from tests.agent.running_agent import running

from openinspector.agent.operation.status import AgentStatus, StatusError, is_in_touch, load_status
from openinspector.agent.operation.systemd import ServiceNotifier
from openinspector.agent.runtime import enrol_host
from openinspector.agent.session.stream import StreamOrder
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.model.agent import AgentHealthCode
from openinspector.model.inventory import OperatingSystem, SensorState
from openinspector.testing.simulated_gateway import TOKEN, Fault, SimulatedGateway
from openinspector.wire.facts import build_facts
from openinspector.wire.instruction import Instruction, StartCollection, StopCollection

RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"


def start(*sensors: str, close: bool = True) -> StartCollection:
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    return StartCollection(run_arn=RUN, sensors=sensors or ("os_release",), ends_at=ends_at, close_when_collected=close)


def raw(*instructions: Instruction) -> tuple[bytes, ...]:
    return tuple(msgspec.json.encode(instruction) for instruction in instructions)


@pytest.fixture
def settings(gateway: SimulatedGateway, tmp_path: Path) -> AgentSettings:
    made = AgentSettings(
        endpoint=Address(host="127.0.0.1", port=gateway.port),
        ca_file=gateway.ca_file,
        state_directory=tmp_path / "state",
        log_level="debug",
    )
    enrol_host(made, TOKEN)
    return replace(made, endpoint=None, ca_file=None)


def closed(gateway: SimulatedGateway) -> Callable[[], object]:
    return lambda: gateway.stream(RUN).manifest


def test_a_run_from_instruction_to_facts(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.instructions = raw(start())
    with running(settings):
        gateway.wait_for(closed(gateway))
    stream = gateway.stream(RUN)
    facts = build_facts("x", stream.messages())
    assert facts.undecoded == 0
    assert facts.sensors["os_release"].state in (SensorState.OK, SensorState.PARTIAL, SensorState.NOT_APPLICABLE)
    assert len(facts.all(OperatingSystem)) <= 1
    assert stream.uploads == sorted(stream.envelopes)
    assert stream.manifest is not None
    assert stream.manifest.dropped == 0


def test_last_heartbeat_is_shutdown(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    with running(settings):
        gateway.wait_for(lambda: gateway.heartbeats)
    assert [beat.health_code for beat in gateway.heartbeats] == [AgentHealthCode.IDLE, AgentHealthCode.SHUTDOWN]
    status = load_status(settings.state_directory)
    assert status.health_code is AgentHealthCode.SHUTDOWN
    assert status.last_contact_at is not None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(endpoint="challenge"),
        Fault(endpoint="session", status=503, retry_after="0"),
        Fault(endpoint="heartbeat", body=b"<html>a captive portal</html>"),
        Fault(endpoint="telemetry"),
        Fault(endpoint="telemetry", after=True),
        Fault(endpoint="telemetry", status=500),
        Fault(endpoint="telemetry", status=429, retry_after="0"),
        Fault(endpoint="telemetry", status=401, code="unknown-session"),
        Fault(
            endpoint="telemetry",
            body=b'{"run_arn":"x","stream":"collection","seq":1,"digest":"' + b"0" * 64 + b'","watermark":9}',
        ),
        Fault(
            endpoint="telemetry",
            body=b'{"run_arn":"'
            + RUN.encode()
            + b'","stream":"collection","seq":1,"digest":"'
            + b"0" * 64
            + b'","watermark":9}',
        ),
        Fault(endpoint="manifest", after=True, status=500),
        Fault(endpoint="manifest", body=b'{"closed":false,"missing":[1]}'),
        Fault(endpoint="manifest", body=b'{"closed":false}'),
    ],
    ids=str,
)
def test_single_gateway_fault_loses_nothing(gateway: SimulatedGateway, settings: AgentSettings, fault: Fault) -> None:
    gateway.instructions = raw(start())
    gateway.faults.append(fault)
    with running(settings):
        gateway.wait_for(closed(gateway))
    assert not gateway.faults
    kept = gateway.stream(RUN)
    assert kept.watermark == len(kept.envelopes) >= 1
    facts = build_facts("x", kept.messages())
    assert facts.sensors["os_release"].records == len(facts.all(OperatingSystem))


def test_hostile_instructions_do_nothing_and_are_reported(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.instructions = (
        b'{"kind":"run-command","command":"touch /tmp/owned"}',
        (
            b'{"kind":"start-collection","run_arn":"x","sensors":["../../etc/passwd"],'
            b'"ends_at":"2999-01-01T00:00:00Z","close_when_collected":true}'
        ),
        *raw(start("os_release", "rootkit")),
    )
    with running(settings):
        gateway.wait_for(closed(gateway))
        gateway.end_sessions()
    with running(settings):
        gateway.wait_for(lambda: len(gateway.heartbeats) > 1)
    assert load_status(settings.state_directory).instructions_refused >= 2
    assert set(gateway.streams) == {RUN}


def test_spooled_telemetry_survives_a_restart(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.instructions = raw(start())
    gateway.faults += [Fault(endpoint="telemetry", status=503, retry_after="600")]
    with running(settings):
        gateway.wait_for(lambda: not gateway.faults)
    assert load_status(settings.state_directory).spool.envelopes == 1
    with running(settings):
        gateway.wait_for(closed(gateway))
    assert gateway.stream(RUN).uploads[0] == 1
    assert gateway.stream(RUN).watermark == len(gateway.stream(RUN).envelopes)


def test_stop_of_an_unstarted_run_closes_it(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.instructions = raw(StopCollection(run_arn=RUN, discard=False))
    with running(settings):
        gateway.wait_for(closed(gateway))
    assert gateway.stream(RUN).envelopes == {}


def test_status_stays_in_touch_during_a_backlog(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    uploads = 12
    leave_backlog(settings, next(iter(gateway.agents)), uploads)
    passed = timedelta()
    found: list[AgentStatus | None] = []
    in_touch: list[bool] = []

    def look(endpoint: str) -> None:
        nonlocal passed
        if endpoint == "telemetry":
            found.append(status_of(settings))
            in_touch.append(found[-1] is not None and is_in_touch(found[-1], datetime.now(UTC) + passed))
            passed += timedelta(seconds=6)

    gateway.misbehave = look
    with running(settings, now=lambda: datetime.now(UTC) + passed):
        gateway.wait_for(closed(gateway))
    assert in_touch == [True] * uploads
    # But the disk is left alone between heartbeats.
    assert len({status.written_at for status in found if status}) <= uploads // 2


class CountedSigns(ServiceNotifier):
    """Counts the signs of life; the watchdog's time passes with each look at the clock."""

    def __init__(self) -> None:
        seconds = count(0, 40)
        super().__init__(None, 300.0, lambda: float(next(seconds)))
        self.signs = 0

    def alive(self) -> None:
        self.signs += 1
        super().alive()


def test_watchdog_is_notified_during_a_long_upload(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    leave_backlog(settings, next(iter(gateway.agents)), 1, os.urandom(2**20))
    notifier = CountedSigns()
    signs: dict[str, int] = {}

    def look(endpoint: str) -> None:
        signs.setdefault(endpoint, notifier.signs)

    gateway.misbehave = look
    with running(settings, notifier=notifier):
        gateway.wait_for(closed(gateway))
    # 64 writes of 16 KiB, and a sign at most every 100 s.
    assert 10 < signs["telemetry"] - signs["heartbeat"] < 64


def leave_backlog(settings: AgentSettings, agent_id: str, envelopes: int, payload: bytes = b'{"messages":[]}') -> None:
    limits = SpoolLimits(bytes=settings.spool_bytes, age=settings.spool_age)
    spool = Spool(settings.state_directory / "spool", agent_id, limits)
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    spool.open(StreamOrder(run_arn=RUN, sensors=("os_release",), ends_at=ends_at, close_when_collected=True))
    for number in range(envelopes):
        assert spool.append(RUN, payload + b" " * number)
    spool.finish(RUN)


def status_of(settings: AgentSettings) -> AgentStatus | None:
    try:
        return load_status(settings.state_directory)
    except StatusError:
        return None
