"""A service that was taken over: whatever it sends, the agent lives on, refuses, tells, and does nothing else."""

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from nacl.signing import SigningKey

from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.connection.transport import GatewayRoute, GatewayTransport, make_tls_context
from openinspector.agent.identity import HostKey
from openinspector.agent.operation.status import load_status
from openinspector.agent.runtime import enrol_host
from openinspector.agent.session.action import GatewayCredentials
from openinspector.agent.session.instruction_reader import read_instruction, read_start
from openinspector.agent.session.reply import NOT_UNDERSTOOD, Refused, Unreachable
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.model.agent import AgentHealthCode, HostDescription
from openinspector.testing.hostile_service import (
    REDIRECTS,
    WRONG_HEARTBEAT_REPLIES,
    WRONG_HTTP,
    WRONG_INSTRUCTIONS,
    expired_context,
    foreign_context,
    outdated_context,
)
from openinspector.testing.simulated_gateway import TOKEN, Fault, SimulatedGateway
from openinspector.wire.instruction import StartCollection
from openinspector.wire.message import Challenge, Heartbeat, HeartbeatReply, Refusal

RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"
SENSORS = ("os_release",)
MEMORY = 8 * 1024 * 1024
"""A reply of at most 1 MiB, held a few times over, and the simulator's own."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS = {"os.putenv", "socket.__new__", "socket.gethostname", "fcntl.flock", "fcntl.ioctl", "fcntl.fcntl"}
BEAT = Heartbeat(host=HostDescription(), health_code=AgentHealthCode.IDLE)


def refusals_of(raw: bytes) -> tuple[Refusal, ...]:
    instruction = read_instruction(msgspec.Raw(raw))
    if isinstance(instruction, Refusal):
        return (instruction,)
    assert isinstance(instruction, StartCollection), instruction
    order, refusals = read_start(instruction, SENSORS, datetime.now(UTC))
    assert order is None
    return refusals


@pytest.mark.parametrize("raw", WRONG_INSTRUCTIONS.values(), ids=WRONG_INSTRUCTIONS.keys())
def test_each_invalid_instruction_is_refused_separately(raw: bytes) -> None:
    (refusal,) = refusals_of(raw)
    assert refusal.reason
    assert (refusal.instruction + refusal.reason).isprintable()
    msgspec.json.decode(msgspec.json.encode(refusal), type=Refusal)


# The real process, watched


def watched(settings: AgentSettings, audit: Path) -> subprocess.Popen[bytes]:
    """Start the agent as services do, with what it and its children do noted in ``audit``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENINSPECTOR_", "PYTHON"))}
    environment = kept | {
        "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(settings.state_directory),
        "OPENINSPECTOR_AGENT_LOG_LEVEL": "debug",
        "PYTHONPATH": str(Path(__file__).parent / "audit"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AUDIT_TO": str(audit),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "openinspector.agent", "run"], env=environment, cwd=audit.parent, stderr=subprocess.PIPE
    )


@pytest.fixture
def settings(gateway: SimulatedGateway, tmp_path: Path) -> AgentSettings:
    made = AgentSettings(
        endpoint=Address(host="127.0.0.1", port=gateway.port),
        ca_file=gateway.ca_file,
        state_directory=tmp_path / "state",
    )
    gateway.heartbeat_seconds = 5
    enrol_host(made, TOKEN)
    return made


def reported(gateway: SimulatedGateway) -> set[Refusal]:
    return {refusal for heartbeat in gateway.heartbeats for refusal in heartbeat.refusals}


def tell(gateway: SimulatedGateway, *instructions: bytes) -> None:
    """Send instructions and wait until their refusals have come back in a heartbeat."""
    expected = {refusal for raw in instructions for refusal in refusals_of(raw)}
    gateway.instructions = instructions
    gateway.wait_for(lambda: expected <= reported(gateway), seconds=60)


def test_hostile_service_obtains_only_permitted_telemetry(
    gateway: SimulatedGateway, settings: AgentSettings, tmp_path: Path
) -> None:
    received: list[bytes] = []
    gateway.on_message = received.append
    audit = tmp_path / "audit.jsonl"
    process = watched(settings, audit)
    try:
        wrong = list(WRONG_INSTRUCTIONS.values())
        tell(gateway, *wrong[:24])
        tell(gateway, *wrong[24:])
        gateway.instructions = ()
        for body in (WRONG_HEARTBEAT_REPLIES["a million instructions"], WRONG_HEARTBEAT_REPLIES["not JSON"]):
            gateway.faults.append(Fault(endpoint="heartbeat", body=body))
            before = len(reported(gateway))
            gateway.wait_for(lambda: not gateway.faults and len(reported(gateway)) > before, seconds=60)  # noqa: B023
        # It still does what a service may ask for, and that only: an unknown sensor beside a known one.
        ends_at = datetime.now(UTC) + timedelta(hours=1)
        start = StartCollection(run_arn=RUN, sensors=(*SENSORS, "rootkit"), ends_at=ends_at, close_when_collected=True)
        gateway.instructions = (msgspec.json.encode(start),)
        gateway.wait_for(lambda: gateway.stream(RUN).manifest, seconds=60)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, log
    assert b"Traceback" not in log
    assert b"\x1b" not in log
    assert load_status(settings.state_directory).instructions_refused >= len(WRONG_INSTRUCTIONS) + 2
    check_what_was_sent(gateway, received, settings)
    check_what_was_done(gateway, settings, audit, process.pid)


def check_what_was_sent(gateway: SimulatedGateway, received: list[bytes], settings: AgentSettings) -> None:
    assert set(gateway.requests) == {"challenge", "enrolment", "session", "heartbeat", "telemetry", "manifest"}
    assert set(gateway.streams) == {RUN}
    assert {message.sensor for message in gateway.stream(RUN).messages()} == {"agent", *SENSORS}
    seed = (settings.state_directory / "host.key").read_bytes()
    everything = b"".join(received)
    for form in (seed, seed.hex().encode(), base64.b64encode(seed), base64.urlsafe_b64encode(seed)):
        assert form.rstrip(b"=") not in everything


def check_what_was_done(gateway: SimulatedGateway, settings: AgentSettings, audit: Path, agent: int) -> None:
    events = [json.loads(line) for line in audit.read_text().splitlines()]
    assert any(event["process"] == agent and event["event"] == "socket.connect" for event in events)
    children, connected = [], False
    for event in events:
        name, arguments = event["event"], event["arguments"]
        connected |= name == "socket.connect"
        if name == "os.posix_spawn":
            children.append(arguments[1])
        elif name == "open":
            assert not arguments[2] & WRITES or is_of_state(arguments[0], settings), event
        elif name in ("socket.connect", "socket.getaddrinfo"):
            assert event["process"] == agent, event
            assert "'127.0.0.1'" in str(arguments), event
            assert str(gateway.port) in str(arguments), event
        elif name in ("os.remove", "os.rename", "os.mkdir", "os.chmod", "os.rmdir", "os.truncate"):
            assert is_of_state(arguments[0], settings), event
        elif name == "compile":
            # Python compiles what it imports, and dataclasses make their methods so; nothing once somebody is heard.
            assert event["process"] != agent or not connected, event
        else:
            assert name in HARMLESS or (name == "os.kill"), event
    fixed = [sys.executable, "-m", "openinspector.agent.sensing"]
    assert children == [repr([*fixed, "names"]), repr([*fixed, "collect", "1", *SENSORS])]


def test_audit_hook_records_events(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    program = "import os, socket; open('x', 'w'); os.spawnl(os.P_WAIT, '/bin/true', 'true'); eval('1')"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent / "audit"), "AUDIT_TO": str(audit)}
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, check=True)
    events = [json.loads(line) for line in audit.read_text().splitlines()]
    assert {"open", "os.fork", "os.exec", "compile"} <= {event["event"] for event in events}
    assert any(event["event"] == "open" and event["arguments"][2] & WRITES for event in events)


def is_of_state(path: object, settings: AgentSettings) -> bool:
    text = str(path)
    return text.isdecimal() or str(settings.state_directory) in text


# Invalid replies


@pytest.fixture
def client(gateway: SimulatedGateway) -> GatewayClient:
    return connected(gateway, gateway.ca_file)


def connected(gateway: SimulatedGateway, ca: Path, monotonic: Callable[[], float] = time.monotonic) -> GatewayClient:
    route = GatewayRoute(gateway=Address(host="127.0.0.1", port=gateway.port), timeout=10)
    key = HostKey(SigningKey.generate())
    return GatewayClient(GatewayTransport(route, make_tls_context(ca), monotonic), key, time.time)


def beat(client: GatewayClient) -> object:
    return client.heartbeat(GatewayCredentials(session_id="s" * 32, counter=1), BEAT)


@pytest.mark.parametrize("body", WRONG_HEARTBEAT_REPLIES.values(), ids=WRONG_HEARTBEAT_REPLIES.keys())
def test_invalid_reply_is_refused_and_counted(gateway: SimulatedGateway, client: GatewayClient, body: bytes) -> None:
    gateway.faults.append(Fault(endpoint="heartbeat", body=body))
    reply = beat(client)
    if isinstance(reply, Unreachable):
        assert reply.garbled
    else:
        assert isinstance(reply, Refused)
        assert reply.problem.code == NOT_UNDERSTOOD
    assert isinstance(client.challenge(), Challenge)


@pytest.mark.parametrize("raw", WRONG_HTTP.values(), ids=WRONG_HTTP.keys())
def test_invalid_http_does_not_affect_the_next_request_or_memory(
    gateway: SimulatedGateway, client: GatewayClient, raw: Callable[[], Iterator[bytes]]
) -> None:
    next(raw())  # build cached bodies before memory is traced
    gateway.faults.append(Fault(endpoint="heartbeat", raw=raw))
    tracemalloc.start()
    reply = beat(client)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(reply, Unreachable | Refused) or reply == HeartbeatReply()
    assert peak < MEMORY
    # A reply that was not asked for is not taken for the next one: at most the connection turns out to be closed.
    following = client.challenge()
    if isinstance(following, Unreachable) and following.stale:
        following = client.challenge()
    assert isinstance(following, Challenge)


def test_slow_reply_times_out(gateway: SimulatedGateway) -> None:
    seconds = iter(range(10**6))
    client = connected(gateway, gateway.ca_file, lambda: float(next(seconds)))
    drops = [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 4000]
    gateway.faults.append(Fault(endpoint="heartbeat", raw=lambda: iter(drops)))
    reply = beat(client)
    assert isinstance(reply, Unreachable)
    assert "too long" in reply.reason or "cut off" in reply.reason


@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_is_followed(gateway: SimulatedGateway, client: GatewayClient, status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        location = f"https://127.0.0.1:{elsewhere.getsockname()[1]}/agent/v1/heartbeat"
        gateway.faults.append(Fault(endpoint="heartbeat", status=status, location=location))
        reply = beat(client)
        assert isinstance(reply, Refused)
        assert reply.status == status
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert gateway.requests == ["heartbeat"]


@pytest.mark.parametrize("make", [expired_context, outdated_context], ids=["expired", "outdated"])
def test_untrusted_service_gets_no_request(
    gateway: SimulatedGateway, tmp_path: Path, make: Callable[[Path], tuple[Path, ssl.SSLContext]]
) -> None:
    ca, context = make(tmp_path)
    gateway.present(context)
    assert isinstance(beat(connected(gateway, ca)), Unreachable)
    assert gateway.requests == []


def test_another_authoritys_certificate_is_not_trusted(gateway: SimulatedGateway, tmp_path: Path) -> None:
    gateway.present(foreign_context(tmp_path))
    reply = beat(connected(gateway, gateway.ca_file))
    assert isinstance(reply, Unreachable)
    assert "not trusted" in reply.reason
    assert gateway.requests == []
