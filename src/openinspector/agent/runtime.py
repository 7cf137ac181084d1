"""Makes a running agent of its settings: the one place that names every part."""

import fcntl
import os
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

from openinspector.agent.atomic_file import make_private_folder
from openinspector.agent.collector import Collector
from openinspector.agent.description import describe
from openinspector.agent.enrolment import (
    MAX_CA_BYTES,
    EnrolmentError,
    EnrolmentRecord,
    enrol,
    enrolled_ca,
    load_enrolment,
    save_enrolment,
)
from openinspector.agent.event import Event
from openinspector.agent.gateway_client import GatewayClient
from openinspector.agent.host import Host
from openinspector.agent.identities.join_token import IDENTITY as JOIN_TOKEN
from openinspector.agent.identity import HostKey, load_or_make_key
from openinspector.agent.local_host import LocalHost
from openinspector.agent.log import Log
from openinspector.agent.loop import AgentLoop, Parts, World
from openinspector.agent.sensor_process import SensorProcess
from openinspector.agent.session import AgentSession
from openinspector.agent.settings import Address, AgentSettings, SettingsError, parse_endpoint
from openinspector.agent.spool import Spool, SpoolLimits
from openinspector.agent.status import save_status
from openinspector.agent.transport import Route, Transport, make_tls_context
from openinspector.model.errors import OpenInspectorError

SPOOL_FOLDER = "spool"
LOCK_FILE = "lock"


class AlreadyRunningError(OpenInspectorError):
    """Another agent uses the state directory."""


def run_agent(settings: AgentSettings, host: Host | None = None, log_to: TextIO = sys.stderr) -> None:
    """Run the agent until SIGTERM or SIGINT; raises OpenInspectorError where it cannot start."""
    state = settings.state_directory
    lock = _lock(state)
    try:
        loop = make_loop(settings, host or LocalHost(), log_to)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        loop.run()
    finally:
        os.close(lock)


def make_loop(settings: AgentSettings, host: Host, log_to: TextIO) -> AgentLoop:
    """Return the loop of an enrolled host; raises OpenInspectorError."""
    state = settings.state_directory
    enrolment, endpoint, client = open_client(settings)
    events: SimpleQueue[Event] = SimpleQueue()
    sensors = SensorProcess()
    spool = Spool(
        state / SPOOL_FOLDER, enrolment.agent_id, SpoolLimits(bytes=settings.spool_bytes, age=settings.spool_age)
    )
    parts = Parts(
        agent_id=enrolment.agent_id,
        endpoint=f"https://{endpoint}",
        session=AgentSession(enrolment.agent_id, sensors.names()),
        client=client,
        spool=spool,
        collector=Collector(sensors.collect, spool, events.put, time.monotonic),
        events=events,
        save_status=partial(save_status, state),
        log=Log(log_to, settings.log_level, _now),
    )
    world = World(now=_now, monotonic=time.monotonic, random=_chance, describe=partial(describe, host))
    return AgentLoop(parts, world)


def open_client(settings: AgentSettings) -> tuple[EnrolmentRecord, Address, GatewayClient]:
    """Return the enrolment, the service's address and a client of it, not connected yet; OpenInspectorError."""
    state = settings.state_directory
    key = load_or_make_key(state)
    enrolment = load_enrolment(state, key)
    enrolled_at = parse_endpoint(enrolment.endpoint)
    endpoint = settings.endpoint or enrolled_at
    if endpoint != enrolled_at:
        raise EnrolmentError(
            f"this host is enrolled at {enrolment.endpoint}, but the settings name https://{endpoint}",
            advice="Enrol it at the other service, or take endpoint out of the settings.",
        )
    return enrolment, endpoint, _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key)


def enrol_host(settings: AgentSettings, token: str, host: Host | None = None) -> str:
    """Enrol this host at the settings' endpoint with a join token; returns its agent id; OpenInspectorError.

    Authorities to trust (``ca_file``) are copied into the state directory: from then on nothing else is trusted.
    """
    if settings.endpoint is None:
        raise SettingsError("no endpoint is set", advice="Name the service: --endpoint https://host[:port]")
    state = settings.state_directory
    ca = _read_ca(settings.ca_file) if settings.ca_file else None
    key = load_or_make_key(state)
    client = _connect(settings, settings.endpoint, settings.ca_file or enrolled_ca(state), key)
    agent_id = enrol(client, key, JOIN_TOKEN, token, describe(host or LocalHost()))
    record = EnrolmentRecord(
        endpoint=f"https://{settings.endpoint}", agent_id=agent_id, key_id=key.id, enrolled_at=_now()
    )
    save_enrolment(state, record, ca)
    return agent_id


def _connect(settings: AgentSettings, endpoint: Address, ca_file: Path | None, key: HostKey) -> GatewayClient:
    route = Route(gateway=endpoint, proxy=settings.proxy)
    return GatewayClient(Transport(route, make_tls_context(ca_file), time.monotonic), key, time.time)


def _read_ca(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CA_BYTES)
    except OSError as error:
        raise SettingsError(f"ca_file {path} cannot be read: {error.strerror}") from error


def _lock(state: Path) -> int:
    """Return a descriptor that keeps other agents off the state directory while it is open."""
    try:
        make_private_folder(state)
        descriptor = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"the state directory {state} cannot be used: {error.strerror}",
            advice="Set state_directory to a folder the agent's user owns.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise AlreadyRunningError(f"an agent is already running with {state}") from error
    return descriptor


def _now() -> datetime:
    return datetime.now(UTC)


def _chance() -> float:
    return int.from_bytes(os.urandom(6), "big") / 2**48
