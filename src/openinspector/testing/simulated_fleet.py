"""Many agents in one process: the real protocol, separate keys, generated inventories.

Only the agent's side of the protocol is implemented, on asyncio, so that a thousand agents cost little compared with
the measured service. Connections stay open, as agents keep theirs.
"""

import asyncio
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openinspector.agent.session.backoff import FIRST_SECONDS, MAX_SECONDS
from openinspector.model.agent import AgentHealthCode, HostDescription
from openinspector.model.errors import WireError
from openinspector.testing.generated_world import DISTRIBUTION, GeneratedWorld
from openinspector.wire.codec import encode_batch, encode_record
from openinspector.wire.envelope import chain_digest, decode_header, encode_envelope
from openinspector.wire.instruction import Instruction, SetHeartbeatInterval, StartCollection
from openinspector.wire.message import (
    Challenge,
    Enrolment,
    EnrolmentRequest,
    Heartbeat,
    HeartbeatReply,
    Manifest,
    ManifestReply,
    Receipt,
    Session,
    SessionRequest,
)
from openinspector.wire.signature import Covered, content_digest, key_id, render_headers, signature_base

T = TypeVar("T")
_STREAM: Final = "collection"
_MESSAGES_PER_ENVELOPE: Final = 2_000
_ROOT: Final = "/agent/v1"
_OK: Final = 200
_LATER: Final = (429, 503)
_TRIES: Final = 20


class BusyError(WireError):
    """The service asks to come back later (429, 503)."""


Observe = Callable[[str, float, int], None]
"""Called for each request with its path, the seconds until the whole answer arrived, and its status."""


class FleetConnection:
    """One keep-alive HTTPS connection."""

    def __init__(
        self, url: str, context: ssl.SSLContext, observe: Observe = lambda _path, _seconds, _status: None
    ) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._context = context
        self._observe = observe
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> bytes:
        """Return the body of a 200 answer; WireError with the problem for any other."""
        began = time.monotonic()
        reader, writer = self._streams or await self._open()
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(
            f"POST {path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-length: {len(body)}\r\n{head}\r\n".encode() + body
        )
        await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.decode("latin-1").lower().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        content = await reader.readexactly(length)
        status = int(lines[0].split()[1])
        self._observe(path, time.monotonic() - began, status)
        if status in _LATER:
            raise BusyError(f"{path}: {lines[0]}")
        if status != _OK:
            raise WireError(f"{path}: {lines[0]} {content[:300].decode(errors='replace')}")
        return content

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._context)
        return self._streams


@dataclass(slots=True, kw_only=True)
class SimulatedAgent:
    """One agent: enrol, heartbeat, collect when instructed, upload, close."""

    number: int
    connection: FleetConnection
    world: GeneratedWorld
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    agent_id: str = ""
    session_id: str = ""
    counter: int = 0
    heartbeat_seconds: float = 60.0
    done: set[str] = field(default_factory=set)

    async def enrol(self, token: str) -> None:
        """Enrol with a join token and open a session."""
        request = EnrolmentRequest(
            nonce=(await self._challenge()).nonce,
            method="join_token",
            evidence={"token": token},
            public_key=self.key.public_key().public_bytes_raw(),
            host=self._host(),
        )
        self.agent_id = (await self._send("enrolment", msgspec.json.encode(request), Enrolment)).agent_id
        opened = SessionRequest(nonce=(await self._challenge()).nonce, agent_id=self.agent_id)
        session = await self._send("session", msgspec.json.encode(opened), Session)
        self.session_id, self.counter = session.session_id, 0
        self.heartbeat_seconds = session.heartbeat_seconds

    async def heartbeat(self) -> None:
        """Send one heartbeat and do what its reply says."""
        beat = Heartbeat(host=self._host(), health_code=AgentHealthCode.IDLE)
        reply = await self._send("heartbeat", msgspec.json.encode(beat), HeartbeatReply)
        for raw in reply.instructions:
            instruction = msgspec.json.decode(raw, type=Instruction)
            if isinstance(instruction, SetHeartbeatInterval):
                self.heartbeat_seconds = instruction.seconds
            if isinstance(instruction, StartCollection) and instruction.run_arn not in self.done:
                await self._collect(instruction.run_arn)
                self.done.add(instruction.run_arn)

    async def live(self, until: Callable[[], bool], offset: float = 0.0) -> None:
        """Send heartbeats at the interval of the last reply until ``until`` is true; ``offset`` spreads a fleet."""
        await asyncio.sleep(offset * self.heartbeat_seconds)
        while not until():
            began = time.monotonic()
            await self.heartbeat()
            await asyncio.sleep(max(0.0, self.heartbeat_seconds - (time.monotonic() - began)))

    async def _collect(self, run_arn: str) -> None:
        digests = []
        for seq, plaintext in enumerate(self._batches(), start=1):
            envelope = encode_envelope(
                run_arn=run_arn, agent_id=self.agent_id, stream=_STREAM, seq=seq, plaintext=plaintext
            )
            await self._send("telemetry", envelope, Receipt, "application/octet-stream")
            digests.append(decode_header(envelope).digest)
        manifest = Manifest(run_arn=run_arn, stream=_STREAM, count=len(digests), chain=chain_digest(digests))
        reply = await self._send("manifest", msgspec.json.encode(manifest), ManifestReply)
        if not reply.closed:
            raise WireError(f"the stream of {self.agent_id} was not closed: {reply.missing}")

    def _batches(self) -> tuple[bytes, ...]:
        return _inventory(self.world, self.number % self.world.inventories)

    async def _challenge(self) -> Challenge:
        return msgspec.json.decode(await self.connection.post(f"{_ROOT}/challenge", {}, b""), type=Challenge)

    async def _send(self, name: str, body: bytes, reply: type[T], media_type: str = "application/json") -> T:
        """Send a signed request; comes back later and later, as agents do, while the service is busy."""
        for failed in range(_TRIES):
            try:
                return await self._send_once(name, body, reply, media_type)
            except BusyError:
                await asyncio.sleep(min(MAX_SECONDS, FIRST_SECONDS * 2**failed) * random.uniform(0.5, 1))
        raise BusyError(f"{name}: still busy after {_TRIES} tries")

    async def _send_once(self, name: str, body: bytes, reply: type[T], media_type: str) -> T:
        path = f"{_ROOT}/{name}"
        in_session = name not in ("enrolment", "session")
        if in_session:
            self.counter += 1
        covered = Covered(
            method="POST",
            path=path,
            content_digest=content_digest(body),
            session=self.session_id if in_session else None,
            counter=self.counter if in_session else None,
        )
        created, name_of_key = int(time.time()), key_id(self.key.public_key().public_bytes_raw())
        signature = self.key.sign(signature_base(covered, created, name_of_key))
        headers = render_headers(covered, created, name_of_key, signature) | {"content-type": media_type}
        return msgspec.json.decode(await self.connection.post(path, headers, body), type=reply)

    def _host(self) -> HostDescription:
        return HostDescription(
            hostname=f"simulated-{self.number}",
            operating_system="Debian GNU/Linux 12 (bookworm)",
            kernel_version="6.1.0-30-amd64",
            ipv4_address="192.0.2.1",
            distribution=DISTRIBUTION,
            agent_version="simulated",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedFleet:
    """Agents that were enrolled together."""

    agents: tuple[SimulatedAgent, ...]

    @classmethod
    async def enrol(
        cls, connect: Callable[[], FleetConnection], token: str, world: GeneratedWorld, size: int
    ) -> "SimulatedFleet":
        """Enrol ``size`` hosts, each over its own connection, a few at a time; each sends a heartbeat at once."""
        agents = tuple(SimulatedAgent(number=number, connection=connect(), world=world) for number in range(size))
        gate = asyncio.Semaphore(16)
        await asyncio.gather(*(_enrol(agent, token, gate) for agent in agents))
        return cls(agents=agents)

    async def live(self, until: Callable[[], bool], limit: timedelta) -> None:
        """Run every agent until ``until`` is true or the time is over; raise the first error of an agent."""
        size = len(self.agents)
        async with asyncio.timeout(limit.total_seconds()):
            await asyncio.gather(*(agent.live(until, i / size) for i, agent in enumerate(self.agents)))

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(agent.connection.close() for agent in self.agents))


async def _enrol(agent: SimulatedAgent, token: str, gate: asyncio.Semaphore) -> None:
    async with gate:
        await agent.enrol(token)
        await agent.heartbeat()


@lru_cache(maxsize=64)
def _inventory(world: GeneratedWorld, host: int) -> tuple[bytes, ...]:
    """Return one host's telemetry as payloads of envelopes: made once for the hosts that share it."""
    messages = [encode_record(sensor, record) for sensor, record in world.records_of(host)]
    starts = range(0, len(messages), _MESSAGES_PER_ENVELOPE)
    return tuple(encode_batch(messages[start : start + _MESSAGES_PER_ENVELOPE]) for start in starts)
