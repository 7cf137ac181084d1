"""Kills an agent again and again, at random instants from its first to its last; then lets one live.

``python killed_agent.py STATE KEPT KILLS SEED``. Imports once and forks for each life, so that a life begins in
milliseconds; everything else is the agent's own: key, TLS, session, loop, collector, spool. What it would collect is
made up. A digest is noted in the file KEPT once the spool has said that it kept its envelope.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from openinspector.agent.collector import Collector
from openinspector.agent.enrolment import enrolled_ca, load_enrolment
from openinspector.agent.event import Event
from openinspector.agent.gateway_client import GatewayClient
from openinspector.agent.identity import load_or_make_key
from openinspector.agent.log import Log
from openinspector.agent.loop import AgentLoop, Parts, World
from openinspector.agent.session import AgentSession
from openinspector.agent.settings import parse_endpoint
from openinspector.agent.spool import Spool, SpoolLimits
from openinspector.agent.status import save_status
from openinspector.agent.transport import Route, Transport, make_tls_context
from openinspector.model.agent import HostDescription
from openinspector.model.inventory import KernelParameters, MonitoringStart, SensorState, SensorStatus
from openinspector.wire.codec import encode_record
from openinspector.wire.envelope import payload_digest
from openinspector.wire.telemetry import TelemetryMessage

LONGEST_LIFE = 0.15
"""Seconds; a run takes less where nothing goes wrong."""
RECORDS = 4


class NotingSpool(Spool):
    """Notes what it kept, run and digest, in a file that outlasts the process."""

    def __init__(self, folder: Path, agent_id: str, kept: Path) -> None:
        super().__init__(folder, agent_id, SpoolLimits(bytes=2**26, age=timedelta(days=1)))
        self._kept = os.open(kept, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, run_arn: str, plaintext: bytes) -> bool:
        done = super().append(run_arn, plaintext)
        if done:
            os.write(self._kept, f"{run_arn} {payload_digest(plaintext)}\n".encode())
        return done


def collect(_names: tuple[str, ...], number: int, _stop: Callable[[], bool]) -> Iterator[TelemetryMessage]:
    yield encode_record("agent", MonitoringStart(agent_version="x", sensors=("dpkg",), collection=number))
    for _ in range(RECORDS):
        yield encode_record("dpkg", KernelParameters(values={"chance": os.urandom(200).hex()}))
    yield encode_record("dpkg", SensorStatus(sensor="dpkg", state=SensorState.OK, records=RECORDS))


def agent(state: Path, kept: Path) -> AgentLoop:
    key = load_or_make_key(state)
    enrolment = load_enrolment(state, key)
    events: SimpleQueue[Event] = SimpleQueue()
    spool = NotingSpool(state / "spool", enrolment.agent_id, kept)
    route = Route(gateway=parse_endpoint(enrolment.endpoint))
    seconds = count()
    parts = Parts(
        agent_id=enrolment.agent_id,
        endpoint=enrolment.endpoint,
        session=AgentSession(enrolment.agent_id, {"dpkg"}),
        client=GatewayClient(Transport(route, make_tls_context(enrolled_ca(state)), time.monotonic), key, time.time),
        spool=spool,
        # A clock that runs: each message becomes an envelope of its own.
        collector=Collector(collect, spool, events.put, lambda: float(next(seconds))),
        events=events,
        save_status=partial(save_status, state),
        log=Log(sys.stderr, "error", now),
    )
    world = World(now=now, monotonic=time.monotonic, random=random.random, describe=HostDescription)
    return AgentLoop(parts, world)


def now() -> datetime:
    return datetime.now(UTC)


def live(state: Path, kept: Path) -> int:
    """Fork a life; returns its process id."""
    born = os.fork()
    if born == 0:
        status = 1
        try:
            random.seed()
            loop = agent(state, kept)
            signal.signal(signal.SIGTERM, lambda *_: loop.stop())
            loop.run()
            status = 0
        finally:
            os._exit(status)
    return born


def main(state: Path, kept: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        born = live(state, kept)
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        os.kill(born, signal.SIGKILL)
        _, status = os.waitpid(born, 0)
        assert os.WIFSIGNALED(status), "a life ended by itself"
    born = live(state, kept)
    print("left alone", flush=True)
    sys.stdin.read()
    os.kill(born, signal.SIGTERM)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(born, 0)[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
