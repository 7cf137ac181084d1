"""Kill -9 at any instant, again and again, with a gateway that fails at random: nothing the spool kept is lost.

But for envelopes that the gateway never takes: those are counted to the last one, and hold up nothing after them.

``make soak`` kills a thousand times: twenty rounds, each with an agent of its own, since every run a spool remembers
makes the lives after it longer. ``OPENINSPECTOR_TEST_SEED`` replays them as far as chance is ours; the seed is in the
output of a failure.
"""

import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import local

import msgspec
import pytest

from openinspector.agent.runtime import enrol_host
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.testing.simulated_gateway import TOKEN, Fault, SimulatedGateway
from openinspector.wire.envelope import MAGIC, decode_header
from openinspector.wire.instruction import StartCollection

KILLS = 50
ROUNDS = int(os.environ.get("OPENINSPECTOR_TEST_ROUNDS", "1"))
SEED = int(os.environ.get("OPENINSPECTOR_TEST_SEED", random.randrange(10**9)))
AT_A_TIME = 2
PROGRAM = Path(__file__).with_name("killed_agent.py")
FAULTS = (
    Fault(endpoint=""),
    Fault(endpoint="", after=True),
    Fault(endpoint="", status=503, retry_after="0"),
    Fault(endpoint="", status=429, after=True),
    Fault(endpoint="", status=500, after=True),
    Fault(endpoint="", status=401, code="unknown-session"),
    Fault(endpoint="", body=b"<html>"),
)
NEVER_TAKEN = Fault(endpoint="telemetry", status=422, code="invalid-message")


class UnreliableService:
    """Orders runs one after the other, and fails at one request in ten, before or after it did what was asked."""

    def __init__(self, gateway: SimulatedGateway, seed: int) -> None:
        self._gateway = gateway
        self._chance = random.Random(seed)
        self.failing = True
        self.runs = 0
        self._heard = local()

    def on_message(self, message: bytes) -> None:
        """Note what the request being served would be refused for."""
        start = message.find(MAGIC)
        self._heard.digest = decode_header(message[start:]).digest if start >= 0 else None

    def misbehave(self, endpoint: str) -> Fault | None:
        open_runs = [run for run in map(name_of, range(self.runs)) if not self._gateway.stream(run).manifest]
        while self.failing and len(open_runs) < AT_A_TIME:
            open_runs.append(name_of(self.runs))
            self.runs += 1
        self._gateway.instructions = tuple(map(start, open_runs))
        if self._heard.digest is not None and is_never_taken(self._heard.digest):
            return NEVER_TAKEN
        if not self.failing or self._chance.random() > 0.1:
            return None
        return replace(self._chance.choice(FAULTS), endpoint=endpoint)


def is_never_taken(digest: str) -> bool:
    """Say so of one envelope in sixteen."""
    return digest.startswith("0")


def name_of(number: int) -> str:
    return f"run-{number}"


def start(run_arn: str) -> bytes:
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    return msgspec.json.encode(
        StartCollection(run_arn=run_arn, sensors=("dpkg",), ends_at=ends_at, close_when_collected=True)
    )


@pytest.mark.parametrize("number", range(ROUNDS))
def test_nothing_the_spool_kept_is_lost_however_often_the_agent_is_killed(number: int, tmp_path: Path) -> None:
    print(f"OPENINSPECTOR_TEST_SEED={SEED}")
    seed = SEED + number
    state, kept = tmp_path / "state", tmp_path / "kept"
    with SimulatedGateway(tmp_path) as gateway:
        endpoint = Address(host="127.0.0.1", port=gateway.port)
        enrol_host(AgentSettings(endpoint=endpoint, ca_file=gateway.ca_file, state_directory=state), TOKEN)
        service = UnreliableService(gateway, seed)
        gateway.on_message, gateway.misbehave = service.on_message, service.misbehave
        arguments = [sys.executable, str(PROGRAM), str(state), str(kept), str(KILLS), str(seed)]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "left alone\n"
        service.failing = False
        gateway.wait_for(lambda: all(gateway.stream(name_of(run)).manifest for run in range(service.runs)), seconds=120)
        process.communicate()
        assert process.returncode == 0
    reported: dict[str, list[str]] = defaultdict(list)
    for line in kept.read_text().splitlines():
        run, digest = line.split()
        reported[run].append(digest)
    for run, stream in gateway.streams.items():
        arrived = Counter(header.digest for header, _ in stream.envelopes.values())
        assert {digest for digest in reported[run] if not is_never_taken(digest)} <= set(arrived)
        assert not any(map(is_never_taken, arrived))
        assert set(arrived.values()) <= {1}
        assert stream.manifest is not None
        assert stream.manifest.dropped == stream.manifest.count - len(stream.envelopes)
        assert stream.manifest.dropped >= sum(map(is_never_taken, reported[run]))
    assert set(reported) <= set(gateway.streams)
    assert not {"digest-conflict", "stream-closed", "other-agent", "bad-signature"} & set(gateway.refused)
    envelopes = sum(map(len, reported.values()))
    print(f"{KILLS} kills, {service.runs} runs, {envelopes} envelopes, {len(gateway.requests)} requests")
    assert service.runs > AT_A_TIME
