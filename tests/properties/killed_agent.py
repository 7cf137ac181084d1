"""Kills an agent again and again, at random instants from its first to its last; then lets one live.

``python killed_agent.py STATE KEPT KILLS SEED``. Imports once and forks for each life, so that a life begins in
milliseconds. Key, TLS, session, loop, collector and spool are the agent's own; the records are made up, and the pauses
are short. A digest is written to the file KEPT once the spool has confirmed that it kept the envelope.

The kill comes a random moment after a random number of things the agent did to files and sockets (Python's audit
events), not after a random time alone: on a busy machine, lives get as far as on an idle one.
"""

import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from openinspector.agent.collection.collector import Collector
from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.connection.transport import GatewayRoute, GatewayTransport, make_tls_context
from openinspector.agent.identity import load_or_make_key
from openinspector.agent.loop import AgentLoop, Parts, World
from openinspector.agent.membership.enrolment import enrolled_ca, load_enrolment
from openinspector.agent.membership.rotation import KeyRotator
from openinspector.agent.operation.log import Log
from openinspector.agent.operation.status import save_status
from openinspector.agent.operation.systemd import ServiceNotifier
from openinspector.agent.session.event import Event
from openinspector.agent.session.reply import Unauthorised
from openinspector.agent.session.session import AgentSession
from openinspector.agent.settings.settings import parse_endpoint
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.model.agent import HostDescription
from openinspector.model.inventory import KernelParameters, MonitoringStart, SensorState, SensorStatus
from openinspector.wire.codec import encode_record
from openinspector.wire.envelope import payload_digest
from openinspector.wire.message import Problem
from openinspector.wire.telemetry import TelemetryMessage

DEEDS = 250
"""Audit events of a life that is let live through a run."""
DEEDS_OF_A_STREAM = 8
"""As many more for each stream it finds when it starts."""
MOMENT = 0.004
TIMEOUT_SECONDS = 0.3
"""Seconds; an agent that does nothing for so long is killed all the same."""
HURRY = 50
RECORDS = 2
DEED = b"."


class HurriedEvents(SimpleQueue[Event]):
    """Waits a fiftieth as long as it is asked to."""

    def get(self, block: bool = True, timeout: float | None = None) -> Event:  # noqa: FBT001, FBT002 - as inherited
        return super().get(block, None if timeout is None else timeout / HURRY)


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
    yield encode_record(
        "dpkg", SensorStatus(sensor="dpkg", state=SensorState.OK, records=RECORDS, details=(os.urandom(9).hex(),))
    )


def agent(state: Path, kept: Path) -> AgentLoop:
    key = load_or_make_key(state)
    enrolment = load_enrolment(state, key)
    events = HurriedEvents()
    spool = NotingSpool(state / "spool", enrolment.agent_id, kept)
    route = GatewayRoute(gateway=parse_endpoint(enrolment.endpoint))
    client = GatewayClient(
        GatewayTransport(route, make_tls_context(enrolled_ca(state)), time.monotonic), key, time.time
    )
    rotator = KeyRotator(state, client)
    seconds = count()
    parts = Parts(
        agent_id=enrolment.agent_id,
        instance=os.urandom(16).hex(),
        endpoint=enrolment.endpoint,
        session=AgentSession(enrolment.agent_id, {"dpkg"}),
        proxy="",
        client=client,
        rotator=rotator,
        attest=lambda _nonce: Unauthorised(problem=Problem(code="none", message="a join token proves once")),
        notifier=ServiceNotifier(),
        spool=spool,
        # A clock that runs: each message becomes an envelope of its own.
        collector=Collector(collect, spool, events.put, lambda: float(next(seconds))),
        events=events,
        save_status=partial(save_status, state),
        log=Log(sys.stderr, "error", now),
    )
    world = World(now=now, monotonic=lambda: time.monotonic() * HURRY, random=random.random, describe=HostDescription)
    return AgentLoop(parts, world)


def now() -> datetime:
    return datetime.now(UTC)


def live(state: Path, kept: Path, deeds: int) -> int:
    """Fork a life that notes each thing it does in a pipe; returns its process id."""
    born = os.fork()
    if born == 0:
        status = 1
        try:
            random.seed()
            sys.addaudithook(lambda _event, _arguments: note(deeds))
            loop = agent(state, kept)
            signal.signal(signal.SIGTERM, lambda *_: loop.stop())
            loop.run()
            status = 0
        finally:
            os._exit(status)
    return born


def note(deeds: int) -> None:
    with suppress(BlockingIOError):
        os.write(deeds, DEED)


def kill(born: int, deeds: int, number: int, moment: float) -> None:
    """Kill a life ``moment`` seconds after it has done ``number`` things."""
    while number > 0 and select.select([deeds], [], [], TIMEOUT_SECONDS)[0]:
        number -= len(os.read(deeds, number))
    time.sleep(moment)
    os.kill(born, signal.SIGKILL)
    _, status = os.waitpid(born, 0)
    assert os.WIFSIGNALED(status), "a life ended by itself"


def main(state: Path, kept: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        reading, writing = os.pipe2(os.O_NONBLOCK)
        born = live(state, kept, writing)
        deeds = DEEDS + DEEDS_OF_A_STREAM * sum(1 for _ in (state / "spool").glob("*"))
        kill(born, reading, chance.randrange(deeds), chance.uniform(0, MOMENT))
        os.close(reading)
        os.close(writing)
    born = live(state, kept, os.open(os.devnull, os.O_WRONLY))
    print("left alone", flush=True)
    sys.stdin.read()
    os.kill(born, signal.SIGTERM)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(born, 0)[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
