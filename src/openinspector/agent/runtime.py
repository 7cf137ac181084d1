"""Makes a running agent of its settings: the one place that names every part."""

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue

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
from openinspector.agent.log import Log, LogStream
from openinspector.agent.log_file import LogFile
from openinspector.agent.loop import AgentLoop, Parts, World
from openinspector.agent.session import AgentSession
from openinspector.agent.settings import Address, AgentSettings, SettingsError, parse_endpoint
from openinspector.agent.spool import Spool, SpoolLimits
from openinspector.agent.state_lock import take_lock
from openinspector.agent.status import save_status
from openinspector.agent.systemd import ServiceNotifier, is_journal, service_notifier
from openinspector.agent.this_platform import sensor_process, this_host, with_system_proxy
from openinspector.agent.transport import Route, Transport, make_tls_context

SPOOL_FOLDER = "spool"


def stop_on_signals(loop: AgentLoop) -> None:
    """Let SIGTERM and SIGINT stop the loop.

    SIGHUP changes nothing: settings are read at start, and a log file that was moved away is noticed without it.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, lambda *_: None)


def run_agent(
    settings: AgentSettings,
    host: Host | None = None,
    log_to: LogStream = sys.stderr,
    ready: Callable[[AgentLoop], object] = stop_on_signals,
) -> None:
    """Run the agent until it is stopped; raises OpenInspectorError where it cannot start.

    ``log_to`` is where lines go unless the settings name a file. ``ready`` is given the loop just before it runs, and
    sees to it that somebody stops it.
    """
    lock = take_lock(settings.state_directory)
    try:
        machine = host or this_host()
        settings = with_system_proxy(settings, machine)
        file = LogFile(settings.log_file, settings.log_bytes, settings.log_files) if settings.log_file else None
        loop = make_loop(settings, machine, file or log_to, service_notifier(os.environ))
        ready(loop)
        loop.run()
    finally:
        os.close(lock)


def make_loop(
    settings: AgentSettings, host: Host, log_to: LogStream, notifier: ServiceNotifier | None = None
) -> AgentLoop:
    """Return the loop of an enrolled host; raises OpenInspectorError."""
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
    proxy = settings.proxy_for(endpoint.host)
    events: SimpleQueue[Event] = SimpleQueue()
    sensors = sensor_process()
    spool = Spool(
        state / SPOOL_FOLDER, enrolment.agent_id, SpoolLimits(bytes=settings.spool_bytes, age=settings.spool_age)
    )
    parts = Parts(
        agent_id=enrolment.agent_id,
        endpoint=f"https://{endpoint}",
        proxy=str(proxy.address) if proxy else "",
        session=AgentSession(enrolment.agent_id, sensors.names()),
        client=_connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key),
        spool=spool,
        collector=Collector(sensors.collect, spool, events.put, time.monotonic),
        events=events,
        save_status=partial(save_status, state),
        log=Log(log_to, settings.log_level, _now, prioritised=log_to is sys.stderr and is_journal(os.environ, 2)),
        notifier=notifier or ServiceNotifier(),
    )
    world = World(now=_now, monotonic=time.monotonic, random=_chance, describe=partial(describe, host))
    return AgentLoop(parts, world)


def enrol_host(settings: AgentSettings, token: str, host: Host | None = None) -> str:
    """Enrol this host at the settings' endpoint with a join token; returns its agent id; OpenInspectorError.

    Authorities to trust (``ca_file``) are copied into the state directory: from then on nothing else is trusted.
    """
    if settings.endpoint is None:
        raise SettingsError("no endpoint is set", advice="Name the service: --endpoint https://host[:port]")
    endpoint, machine = settings.endpoint, host or this_host()
    settings = with_system_proxy(settings, machine)
    state = settings.state_directory
    ca = _read_ca(settings.ca_file) if settings.ca_file else None
    key = load_or_make_key(state)
    client = _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key)
    agent_id = enrol(client, key, JOIN_TOKEN, token, describe(machine))
    record = EnrolmentRecord(endpoint=f"https://{endpoint}", agent_id=agent_id, key_id=key.id, enrolled_at=_now())
    save_enrolment(state, record, ca)
    return agent_id


def _connect(settings: AgentSettings, endpoint: Address, ca_file: Path | None, key: HostKey) -> GatewayClient:
    route = Route(gateway=endpoint, proxy=settings.proxy_for(endpoint.host))
    return GatewayClient(Transport(route, make_tls_context(ca_file), time.monotonic), key, time.time)


def _read_ca(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CA_BYTES)
    except OSError as error:
        raise SettingsError(
            f"ca_file {path} cannot be read: {error.strerror}", advice="Name a PEM file that root may read."
        ) from error


def _now() -> datetime:
    return datetime.now(UTC)


def _chance() -> float:
    return int.from_bytes(os.urandom(6), "big") / 2**48
