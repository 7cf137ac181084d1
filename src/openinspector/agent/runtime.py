"""Makes a running agent of its settings: the one place that names every part."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

from openinspector.agent.atomic_file import make_private_folder
from openinspector.agent.collector import Collector
from openinspector.agent.description import describe
from openinspector.agent.enrolment import (
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
from openinspector.agent.event import Event
from openinspector.agent.gateway_client import GatewayClient
from openinspector.agent.host import Host
from openinspector.agent.identity import HostKey, Identity, IdentityError, load_or_make_key
from openinspector.agent.instance_metadata import INSTANCE_ID, MetadataConversation, MetadataError
from openinspector.agent.local_host import LocalHost
from openinspector.agent.log import Log
from openinspector.agent.loop import AgentLoop, Parts, World
from openinspector.agent.reply import Failure
from openinspector.agent.rotation import KeyRotator, adopt, load_identity, prepare_rotation, rotate_now
from openinspector.agent.sensor_process import SensorProcess
from openinspector.agent.session import AgentSession
from openinspector.agent.settings import Address, AgentSettings, SettingsError, parse_endpoint
from openinspector.agent.spool import Spool, SpoolLimits
from openinspector.agent.status import save_status
from openinspector.agent.transport import Route, Transport, make_tls_context
from openinspector.model.errors import OpenInspectorError
from openinspector.wire.message import Enrolment

SPOOL_FOLDER = "spool"
LOCK_FILE = "lock"
ORDER = ("aws_role", "aws_instance", "join_token")
"""Ways to enrol in order of preference (F1.12)."""


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
    key, enrolment = load_identity(state)
    enrolled_at = parse_endpoint(enrolment.endpoint)
    endpoint = settings.endpoint or enrolled_at
    if endpoint != enrolled_at:
        raise EnrolmentError(
            f"this host is enrolled at {enrolment.endpoint}, but the settings name https://{endpoint}",
            advice="Enrol it at the other service, or take endpoint out of the settings.",
        )
    events: SimpleQueue[Event] = SimpleQueue()
    sensors = SensorProcess()
    spool = Spool(
        state / SPOOL_FOLDER, enrolment.agent_id, SpoolLimits(bytes=settings.spool_bytes, age=settings.spool_age)
    )
    client = _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key)
    rotator = KeyRotator(state, client)
    parts = Parts(
        agent_id=enrolment.agent_id,
        endpoint=f"https://{endpoint}",
        session=AgentSession(enrolment.agent_id, sensors.names()),
        client=client,
        rotator=rotator,
        attest=lambda nonce: _attest(enrolment.method, endpoint, host, rotator, nonce),
        spool=spool,
        collector=Collector(sensors.collect, spool, events.put, time.monotonic),
        events=events,
        save_status=partial(save_status, state),
        log=Log(log_to, settings.log_level, _now),
    )
    world = World(now=_now, monotonic=time.monotonic, random=_chance, describe=partial(describe, host))
    return AgentLoop(parts, world)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentWish:
    """What the person who enrols the host asks for."""

    token: str = ""
    method: str = ""
    """One identity's name; empty: the first of `ORDER` that this host has proof for and the service takes."""
    new_key: bool = False
    """Enrol with a new host key, and put it in the place of the old one."""


def enrol_host(settings: AgentSettings, token: str, host: Host | None = None) -> str:
    """Enrol this host with a join token, or on EC2 by what it is; returns its agent id; OpenInspectorError."""
    return enrol_as_wished(settings, EnrolmentWish(token=token), host).agent_id


def enrol_as_wished(settings: AgentSettings, wish: EnrolmentWish, host: Host | None = None) -> EnrolmentRecord:
    """Enrol this host at the settings' endpoint; OpenInspectorError.

    Authorities to trust (``ca_file``) are copied into the state directory: from then on nothing else is trusted.
    """
    if settings.endpoint is None:
        raise SettingsError("no endpoint is set", advice="Name the service: --endpoint https://host[:port]")
    state = settings.state_directory
    ca = _read_ca(settings.ca_file) if settings.ca_file else None
    key = prepare_rotation(state) if wish.new_key else load_or_make_key(state)
    client = _connect(settings, settings.endpoint, settings.ca_file or enrolled_ca(state), key)
    agent_id, method = _enrol(client, key, wish, host or LocalHost(), settings.endpoint.host)
    record = EnrolmentRecord(
        endpoint=f"https://{settings.endpoint}", agent_id=agent_id, key_id=key.id, enrolled_at=_now(), method=method
    )
    (adopt if wish.new_key else save_enrolment)(state, record, ca)
    return record


def rotate_host_key(settings: AgentSettings) -> str:
    """Replace the host key of an agent that is not running and return the new key's id; OpenInspectorError.

    AlreadyRunningError where it is running: then `prepare_rotation` is all it needs.
    """
    state = settings.state_directory
    lock = _lock(state)
    try:
        key, enrolment = load_identity(state)
        prepare_rotation(state)
        endpoint = settings.endpoint or parse_endpoint(enrolment.endpoint)
        client = _connect(settings, endpoint, settings.ca_file or enrolled_ca(state), key)
        return rotate_now(KeyRotator(state, client), client, enrolment.agent_id)
    finally:
        os.close(lock)


def identities() -> Mapping[str, Identity]:
    """Return every way this agent can prove which host it runs on."""
    from openinspector.plugins import discover  # noqa: PLC0415 - two megabytes, for those that enrol

    return discover("openinspector.agent.identities", "IDENTITY", Identity)


def _enrol(client: GatewayClient, key: HostKey, wish: EnrolmentWish, host: Host, server: str) -> tuple[str, str]:
    """Return the agent's id and the identity that proved it: the first that the host has and the service takes."""
    known = identities()
    if wish.method and wish.method not in known:
        raise SettingsError(f"no way to enrol is called {wish.method!r}", advice=f"There are: {', '.join(known)}.")
    names = [wish.method] if wish.method else _candidates(wish, host)
    obstacles: list[str] = []
    for name in names:
        proving = Proving(identity=known[name], host=host, server=server, unix_time=time.time, token=wish.token)
        try:
            return enrol(client, key, proving), name
        except (IdentityError, MethodOffError) as error:
            obstacles.append(f"{name}: {error}")
    raise EnrolmentError(
        f"this host was not enrolled: {'; '.join(obstacles) or 'it is no EC2 instance, and no token was given'}",
        advice="Make a token where the service runs: openinspector admin tokens create",
    )


def _candidates(wish: EnrolmentWish, host: Host) -> Sequence[str]:
    try:
        on_ec2 = MetadataConversation(host).text(INSTANCE_ID) is not None
    except MetadataError:
        on_ec2 = False
    return [name for name in ORDER if (wish.token if name == JOIN_TOKEN else on_ec2)]


def _attest(method: str, endpoint: Address, host: Host, rotator: KeyRotator, nonce: str) -> Enrolment | Failure:
    # The identities are loaded on the few hosts that need them, when they do.
    identity = identities().get(method)
    if identity is None:
        raise IdentityError(f"this agent has no way to prove itself by {method!r}", advice="Update it, or enrol again.")
    proving = Proving(identity=identity, host=host, server=endpoint.host, unix_time=time.time)
    return prove(rotator.client, rotator.key, proving, nonce)


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
