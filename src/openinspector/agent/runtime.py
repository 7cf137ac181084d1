"""Builds the agent from its settings: the only module that names every part."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from openinspector.agent.cloud.instance_metadata import INSTANCE_ID, MetadataConversation, MetadataError
from openinspector.agent.collection.collector import Collector
from openinspector.agent.collection.description import describe
from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.connection.transport import GatewayRoute, GatewayTransport, make_tls_context
from openinspector.agent.files.state_lock import take_lock
from openinspector.agent.host import Host
from openinspector.agent.identity import HostKey, Identity, IdentityError, load_or_make_key
from openinspector.agent.loop import AgentLoop, Parts, World
from openinspector.agent.membership.enrolment import (
    JOIN_TOKEN,
    MAX_CA_BYTES,
    EnrolmentError,
    EnrolmentRecord,
    MethodOffError,
    Proving,
    enrol,
    enrolled_ca,
    prove,
    save_enrolment,
)
from openinspector.agent.membership.machine import check_machine, save_machine
from openinspector.agent.membership.rotation import KeyRotator, adopt, load_identity, prepare_rotation, rotate_now
from openinspector.agent.operation.log import Log, LogStream
from openinspector.agent.operation.log_file import LogFile
from openinspector.agent.operation.status import save_status
from openinspector.agent.operation.systemd import ServiceNotifier, is_journal, service_notifier
from openinspector.agent.session.event import Event
from openinspector.agent.session.reply import Failure
from openinspector.agent.session.session import AgentSession
from openinspector.agent.settings.settings import Address, AgentSettings, AgentSettingsError, parse_endpoint
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.agent.this_platform import sensor_process, this_host, with_system_proxy
from openinspector.wire.message import Enrolment

SPOOL_FOLDER = "spool"
ORDER = ("aws_role", "aws_instance", "join_token")
"""Ways to enrol in order of preference (F1.12)."""


def _now() -> datetime:
    return datetime.now(UTC)


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
    """Run the agent until it is stopped; raises OpenInspectorError if it cannot start.

    ``log_to`` receives log lines unless the settings name a file. ``ready`` is called with the loop just before it
    runs, and arranges for its stop.
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
    settings: AgentSettings,
    host: Host,
    log_to: LogStream,
    notifier: ServiceNotifier | None = None,
    now: Callable[[], datetime] = _now,
) -> AgentLoop:
    """Return the loop of an enrolled host; raises OpenInspectorError. ``now`` is the host's clock."""
    state = settings.state_directory
    enrolment, endpoint, client = open_client(settings, now)
    check_machine(state, host)
    notifier = notifier or ServiceNotifier()
    client.on_progress(notifier.moving)
    proxy = settings.proxy_for(endpoint.host)
    events: SimpleQueue[Event] = SimpleQueue()
    sensors = sensor_process()
    spool = Spool(
        state / SPOOL_FOLDER, enrolment.agent_id, SpoolLimits(bytes=settings.spool_bytes, age=settings.spool_age)
    )
    rotator = KeyRotator(state, client)
    parts = Parts(
        agent_id=enrolment.agent_id,
        instance=os.urandom(16).hex(),
        endpoint=f"https://{endpoint}",
        proxy=str(proxy.address) if proxy else "",
        session=AgentSession(enrolment.agent_id, sensors.names()),
        client=client,
        rotator=rotator,
        attest=lambda nonce: _attest(enrolment.method, endpoint, host, rotator, nonce),
        spool=spool,
        collector=Collector(sensors.collect, spool, events.put, time.monotonic),
        events=events,
        save_status=partial(save_status, state),
        log=Log(log_to, settings.log_level, now, prioritised=log_to is sys.stderr and is_journal(os.environ, 2)),
        notifier=notifier,
    )
    world = World(now=now, monotonic=time.monotonic, random=_chance, describe=partial(describe, host))
    return AgentLoop(parts, world)


def open_client(
    settings: AgentSettings, now: Callable[[], datetime] = _now
) -> tuple[EnrolmentRecord, Address, GatewayClient]:
    """Return the enrolment, the service's address and an unconnected client; OpenInspectorError."""
    state = settings.state_directory
    key, enrolment = load_identity(state)
    enrolled_at = parse_endpoint(enrolment.endpoint)
    endpoint = settings.endpoint or enrolled_at
    if endpoint != enrolled_at:
        raise EnrolmentError(
            f"this host is enrolled at {enrolment.endpoint}, but the settings name https://{endpoint}",
            advice="Enrol it at the other service, or take endpoint out of the settings.",
        )
    return enrolment, endpoint, _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentWish:
    """The options of an enrolment."""

    token: str = ""
    method: str = ""
    """An identity's name. If empty: the first of `ORDER` that this host can prove and the service accepts."""
    new_key: bool = False
    """Enrol with a new host key, which replaces the old one."""


def enrol_host(settings: AgentSettings, token: str, host: Host | None = None) -> str:
    """Enrol this host with a join token, or on EC2 by attestation; return its agent id; OpenInspectorError."""
    return enrol_as_wished(settings, EnrolmentWish(token=token), host).agent_id


def enrol_as_wished(settings: AgentSettings, wish: EnrolmentWish, host: Host | None = None) -> EnrolmentRecord:
    """Enrol this host at the settings' endpoint; OpenInspectorError.

    Authorities to trust (``ca_file``) are copied into the state directory: afterwards only these are trusted.
    """
    if settings.endpoint is None:
        raise AgentSettingsError("no endpoint is set", advice="Name the service: --endpoint https://host[:port]")
    endpoint, machine = settings.endpoint, host or this_host()
    settings = with_system_proxy(settings, machine)
    state = settings.state_directory
    ca = _read_ca(settings.ca_file) if settings.ca_file else None
    key = prepare_rotation(state) if wish.new_key else load_or_make_key(state)
    client = _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key)
    agent_id, method = _enrol(client, key, wish, machine, endpoint.host)
    record = EnrolmentRecord(
        endpoint=f"https://{endpoint}", agent_id=agent_id, key_id=key.id, enrolled_at=_now(), method=method
    )
    (adopt if wish.new_key else save_enrolment)(state, record, ca)
    save_machine(state, machine)
    return record


def rotate_host_key(settings: AgentSettings) -> str:
    """Replace the host key of an agent that is not running and return the new key's id; OpenInspectorError.

    AlreadyRunningError if it is running: then `prepare_rotation` suffices.
    """
    state = settings.state_directory
    lock = take_lock(state)
    try:
        key, enrolment = load_identity(state)
        prepare_rotation(state)
        endpoint = settings.endpoint or parse_endpoint(enrolment.endpoint)
        client = _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key)
        return rotate_now(KeyRotator(state, client), client, enrolment.agent_id)
    finally:
        os.close(lock)


def identities() -> Mapping[str, Identity]:
    """Return every identity method of this agent."""
    from openinspector.plugins import discover  # noqa: PLC0415 - two megabytes, for those that enrol

    return discover("openinspector.agent.identities", "IDENTITY", Identity)


def _enrol(client: GatewayClient, key: HostKey, wish: EnrolmentWish, host: Host, server: str) -> tuple[str, str]:
    """Return the agent's id and the identity that proved it: the first that the host has and the service accepts."""
    known = identities()
    if wish.method and wish.method not in known:
        raise AgentSettingsError(f"no way to enrol is called {wish.method!r}", advice=f"There are: {', '.join(known)}.")
    names = [wish.method] if wish.method else _candidates(wish, host)
    obstacles: list[str] = []
    for name in names:
        proving = Proving(identity=known[name], host=host, server=server, unix_time=time.time, token=wish.token)
        try:
            return enrol(client, key, proving), name
        except (IdentityError, MethodOffError) as error:
            obstacles.append(f"{name}: {error}")
    raise EnrolmentError(
        f"this host was not enrolled: {'; '.join(obstacles) or 'it is not an EC2 instance, and no token was given'}",
        advice="Make a token where the service runs: openinspector admin tokens create",
    )


def _candidates(wish: EnrolmentWish, host: Host) -> Sequence[str]:
    try:
        on_ec2 = MetadataConversation(host).text(INSTANCE_ID) is not None
    except MetadataError:
        on_ec2 = False
    return [name for name in ORDER if (wish.token if name == JOIN_TOKEN else on_ec2)]


def _attest(method: str, endpoint: Address, host: Host, rotator: KeyRotator, nonce: str) -> Enrolment | Failure:
    # Identities are imported only when needed.
    identity = identities().get(method)
    if identity is None:
        raise IdentityError(f"this agent has no identity method {method!r}", advice="Update it, or enrol again.")
    proving = Proving(identity=identity, host=host, server=endpoint.host, unix_time=time.time)
    return prove(rotator.client, rotator.key, proving, nonce)


def _connect(
    settings: AgentSettings, endpoint: Address, ca_file: Path | None, key: HostKey, now: Callable[[], datetime] = _now
) -> GatewayClient:
    route = GatewayRoute(gateway=endpoint, proxy=settings.proxy_for(endpoint.host))
    transport = GatewayTransport(route, make_tls_context(ca_file), time.monotonic)
    return GatewayClient(transport, key, lambda: now().timestamp())


def _read_ca(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CA_BYTES)
    except OSError as error:
        raise AgentSettingsError(
            f"ca_file {path} cannot be read: {error.strerror}", advice="Name a PEM file that root may read."
        ) from error


def _chance() -> float:
    return int.from_bytes(os.urandom(6), "big") / 2**48
