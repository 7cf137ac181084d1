"""Every kind of outage: the agent recovers, and each envelope reaches the gateway once or is reported lost."""

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from tests.agent.running_agent import running

from openinspector.agent.connection.transport import GatewayRoute, GatewayTransport, make_tls_context
from openinspector.agent.operation.status import load_status
from openinspector.agent.runtime import enrol_host
from openinspector.agent.session.reply import Accepted, Unreachable
from openinspector.agent.session.stream import StreamOrder, StreamPhase
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.agent.spool.spool import Spool, SpoolError, SpoolLimits
from openinspector.model.agent import AgentHealthCode
from openinspector.testing.faulty_line import FaultyLine, Quality
from openinspector.testing.simulated_gateway import TOKEN, Fault, SimulatedGateway
from openinspector.wire.codec import encode_batch
from openinspector.wire.envelope import payload_digest
from openinspector.wire.instruction import StartCollection, StopCollection

RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"
AGENT = "host-" + "0" * 17
DAY = timedelta(days=1)

running_offline = partial(running, seconds=60)


@pytest.fixture
def line(gateway: SimulatedGateway) -> Iterator[FaultyLine]:
    with FaultyLine(gateway.port) as running:
        yield running


@pytest.fixture
def settings(gateway: SimulatedGateway, line: FaultyLine, tmp_path: Path) -> AgentSettings:
    made = AgentSettings(
        endpoint=Address(host="127.0.0.1", port=line.port),
        ca_file=gateway.ca_file,
        state_directory=tmp_path / "state",
    )
    gateway.heartbeat_seconds = 5
    enrol_host(made, TOKEN)
    gateway.instructions = (start(),)
    return made


def start(now: datetime | None = None) -> bytes:
    ends_at = (now or datetime.now(UTC)) + timedelta(hours=1)
    order = StartCollection(run_arn=RUN, sensors=("os_release",), ends_at=ends_at, close_when_collected=True)
    return msgspec.json.encode(order)


def spooled(settings: AgentSettings, *payloads: bytes) -> list[str]:
    """Put finished telemetry of `RUN` into the spool of an agent that is not running; returns its digests."""
    agent_id = msgspec.json.decode((settings.state_directory / "enrolment.json").read_bytes())["agent_id"]
    spool = Spool(settings.state_directory / "spool", agent_id, SpoolLimits(bytes=2**26, age=DAY))
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    spool.open(StreamOrder(run_arn=RUN, sensors=(), ends_at=ends_at, close_when_collected=True))
    for payload in payloads:
        assert spool.append(RUN, payload)
    spool.finish(RUN)
    return [payload_digest(payload) for payload in payloads]


def noise(size: int) -> bytes:
    return encode_batch([]) + random.randbytes(size).hex().encode()


def closed(gateway: SimulatedGateway) -> Callable[[], object]:
    return lambda: gateway.stream(RUN).manifest


def check_all_arrived_once(gateway: SimulatedGateway, digests: list[str]) -> None:
    stream = gateway.stream(RUN)
    assert Counter(header.digest for header, _ in stream.envelopes.values()) == Counter(digests)
    assert stream.manifest is not None
    assert (stream.manifest.count, stream.manifest.dropped) == (len(digests), 0)
    assert not {"digest-conflict", "replayed"} & set(gateway.refused)


# Lines


def test_no_service_at_the_start(gateway: SimulatedGateway, line: FaultyLine, settings: AgentSettings) -> None:
    line.become(Quality(accepts=False))
    with running_offline(settings):
        wait_for(lambda: line.connections >= 3)
        assert not gateway.heartbeats
        line.become(Quality())
        gateway.wait_for(closed(gateway), seconds=60)


@pytest.mark.parametrize(
    "quality",
    [
        Quality(reset_after=2000),
        Quality(reset_after=6000),
        Quality(reset_after=9000),
        Quality(half_close_after=3000),
        Quality(delay=0.05),
        Quality(bytes_a_second=20_000),
        Quality(accepts=False),
    ],
    ids=str,
)
def test_temporary_outage_loses_nothing(
    gateway: SimulatedGateway, line: FaultyLine, settings: AgentSettings, quality: Quality
) -> None:
    digests = spooled(settings, *(noise(3000) for _ in range(4)))
    line.become(quality)
    with running_offline(settings):
        wait_for(lambda: line.connections >= 3 or closed(gateway)())
        line.become(Quality())
        gateway.wait_for(closed(gateway), seconds=60)
    check_all_arrived_once(gateway, digests)


def test_flapping_connection_loses_nothing(
    gateway: SimulatedGateway, line: FaultyLine, settings: AgentSettings
) -> None:
    digests = spooled(settings, *(noise(2000) for _ in range(8)))
    chance = random.Random(7)
    with running_offline(settings):
        for _ in range(8):
            line.become(
                chance.choice([Quality(), Quality(accepts=False), Quality(reset_after=chance.randrange(20_000))])
            )
            time.sleep(0.2)
            line.cut()
        line.become(Quality())
        gateway.wait_for(closed(gateway), seconds=90)
    check_all_arrived_once(gateway, digests)


def test_heartbeats_continue_between_slow_uploads(
    gateway: SimulatedGateway, line: FaultyLine, settings: AgentSettings
) -> None:
    digests = spooled(settings, *(noise(30_000) for _ in range(4)))
    line.become(Quality(bytes_a_second=12_000))
    with running_offline(settings):
        gateway.wait_for(closed(gateway), seconds=90)
    check_all_arrived_once(gateway, digests)
    last = len(gateway.requests) - 1 - gateway.requests[::-1].index("telemetry")
    first = gateway.requests.index("telemetry")
    assert "heartbeat" in gateway.requests[first:last]


@pytest.mark.parametrize("retry_after", ["1", None])
@pytest.mark.parametrize("status", [429, 503])
def test_throttled_agent_reports_it_and_waits(
    gateway: SimulatedGateway, settings: AgentSettings, status: int, retry_after: str | None
) -> None:
    digests = spooled(settings, noise(1000))
    gateway.faults += [Fault(endpoint="telemetry", status=status, retry_after=retry_after)]
    with running_offline(settings):
        gateway.wait_for(closed(gateway), seconds=60)
    check_all_arrived_once(gateway, digests)


def test_heartbeats_report_throttled_uploads(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    spooled(settings, noise(1000))
    gateway.faults += [Fault(endpoint="telemetry", status=429, retry_after="999999")]
    with running_offline(settings):
        gateway.wait_for(lambda: len(gateway.heartbeats) >= 2, seconds=60)
    assert gateway.heartbeats[1].health_code is AgentHealthCode.THROTTLED
    assert gateway.heartbeats[1].spool.envelopes == 1


def test_envelopes_that_do_not_fit_the_spool_are_reported_lost(
    gateway: SimulatedGateway, settings: AgentSettings
) -> None:
    with running_offline(replace(settings, spool_bytes=100)):
        gateway.wait_for(lambda: gateway.heartbeats and gateway.heartbeats[-1].spool.envelopes_dropped, seconds=60)
        gateway.instructions = (msgspec.json.encode(StopCollection(run_arn=RUN, discard=False)),)
        gateway.wait_for(closed(gateway), seconds=60)
    manifest = gateway.stream(RUN).manifest
    assert manifest is not None
    assert manifest.dropped == gateway.heartbeats[-1].spool.envelopes_dropped
    assert "lost" in gateway.heartbeats[-1].health_details


def test_silent_connection_times_out(gateway: SimulatedGateway, line: FaultyLine) -> None:
    line.become(Quality(deaf=True))
    route = GatewayRoute(gateway=Address(host="127.0.0.1", port=line.port), timeout=0.3)
    transport = GatewayTransport(route, make_tls_context(gateway.ca_file), time.monotonic)
    reply = transport.post("/agent/v1/challenge", b"", {})
    assert isinstance(reply, Unreachable)
    assert "timed out" in reply.reason
    line.become(Quality())
    assert isinstance(transport.post("/agent/v1/challenge", b"", {}), Accepted)
    transport.close()


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "the awaited condition did not occur"
        time.sleep(0.02)


# Clocks


@pytest.mark.parametrize("jump", [timedelta(days=365), -DAY, timedelta(days=-20_000)], ids=str)
def test_clock_jump_and_correction_lose_nothing(
    gateway: SimulatedGateway, settings: AgentSettings, jump: timedelta
) -> None:
    digests = spooled(settings, noise(1000), noise(1000))
    off = jump
    with running_offline(settings, now=lambda: datetime.now(UTC) + off):
        gateway.wait_for(lambda: "stale-clock" in gateway.refused)
        assert not gateway.stream(RUN).envelopes
        off = timedelta()
        gateway.wait_for(closed(gateway), seconds=60)
    check_all_arrived_once(gateway, digests)


# Disks


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own, unmounted at the end; only root may make one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no small file system can be mounted here: that needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def filled(disk: Path) -> Path:
    """Fill a disk to its last byte with a file of somebody else's."""
    filling = disk / "somebody-elses"
    with suppress(OSError), filling.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return filling


def opened(folder: Path) -> Spool:
    spool = Spool(folder / "spool", AGENT, SpoolLimits(bytes=2**26, age=DAY))
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    spool.open(StreamOrder(run_arn=RUN, sensors=(), ends_at=ends_at, close_when_collected=False))
    return spool


@pytest.mark.parametrize("options", ["size=256k", "nr_inodes=12"])
def test_a_full_disk_refuses_counts_and_recovers(tmp_path: Path, options: str) -> None:
    with small_disk(tmp_path / "disk", options) as disk:
        spool = opened(disk)
        kept = refused = 0
        for _ in range(40):
            try:
                if spool.append(RUN, noise(8000)):
                    kept += 1
                else:
                    refused += 1
            except SpoolError:
                refused += 1
        assert kept
        assert kept + refused == 40
        report = spool.view().report
        assert (report.envelopes, report.envelopes_dropped) == (kept, refused)
        assert not list(disk.rglob("*.partial"))
        # Nothing that was kept is gone, and once there is room the numbers go on where they were.
        assert all(spool.read(RUN, seq) for seq in range(1, kept + 1))
        grown = "size=4m" if options.startswith("size") else "nr_inodes=1000"
        subprocess.run(["mount", "-o", f"remount,{grown}", str(disk)], check=True)
        assert spool.append(RUN, noise(8000))
        spool.finish(RUN)
        manifest = Spool(disk / "spool", AGENT, SpoolLimits(bytes=2**26, age=DAY)).manifest(RUN)
        assert (manifest.count, manifest.dropped) == (kept + 1, refused)


def test_full_disk_at_end_of_stream_does_not_busy_loop(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=256k") as disk:
        spool = opened(disk)
        assert spool.append(RUN, noise(1000))
        filling = filled(disk)
        for ask in (spool.finish, spool.end):
            with pytest.raises(SpoolError, match="No space"):
                ask(RUN)
            assert spool.view().streams[RUN].phase is StreamPhase.OPEN
        filling.unlink()
        spool.finish(RUN)
        assert spool.view().streams[RUN].phase is StreamPhase.FINISHED
        assert spool.view().streams[RUN].pending == (1,)


def test_agent_on_a_full_disk_reports_it_and_recovers(
    gateway: SimulatedGateway, settings: AgentSettings, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "size=512k") as disk:
        on_disk = replace(settings, state_directory=disk / "state")
        enrol_host(on_disk, TOKEN)
        filling = filled(disk)
        with running_offline(replace(on_disk, endpoint=None, ca_file=None)):
            gateway.wait_for(lambda: AgentHealthCode.UNHEALTHY in [beat.health_code for beat in gateway.heartbeats], 60)
            filling.unlink()
            gateway.wait_for(closed(gateway), seconds=60)
        assert load_status(on_disk.state_directory).health_code is AgentHealthCode.SHUTDOWN


def test_a_state_folder_that_cannot_be_written_is_named(tmp_path: Path, settings: AgentSettings) -> None:
    with small_disk(tmp_path / "disk", "size=512k") as disk:
        spool = opened(disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(SpoolError, match="Read-only"):
            spool.append(RUN, noise(100))
        assert spool.view().report.envelopes_dropped == 1
        assert os.listdir(disk / "spool")  # noqa: PTH208 - that it can be read
    assert settings.state_directory.is_dir()
