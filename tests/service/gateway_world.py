"""A whole gateway in memory and a folder: real use cases, real sealing, simulated stores and clock."""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun, StateChange
from openinspector.model.inventory import (
    ListeningPort,
    MonitoringStart,
    OperatingSystem,
    Package,
    PackageManager,
    SensorState,
    SensorStatus,
    TransportProtocol,
)
from openinspector.model.record import Record
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app.attestation import Attesting
from openinspector.service.app.counters import Counters
from openinspector.service.app.enrolment import Admission, Nonces, new_agent_id
from openinspector.service.app.heartbeats import Heartbeats
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.releases import Releases
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.sessions import Sessions
from openinspector.service.app.telemetry import DEFAULT_LIMITS, Telemetry, TelemetryStores
from openinspector.service.attestors.join_token import ATTESTOR as JOIN_TOKENS
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.ports.telemetry_store import StreamLimits
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_agent_store import MemoryAgentStore
from openinspector.testing.memory_identity_store import MemoryIdentityStore
from openinspector.testing.memory_rollout_store import MemoryRolloutStore
from openinspector.testing.memory_telemetry_store import MemoryTelemetryStore
from openinspector.wire.codec import encode_batch, encode_record
from openinspector.wire.envelope import decode_header, encode_envelope

ACCOUNT = "123456789012"
_TEMPLATE = f"arn:aws:inspector:us-east-1:{ACCOUNT}:target/0-AAAAAAAA/template/0-BBBBBBBB"
RUN = RunArn(f"{_TEMPLATE}/run/0-CCCCCCCC")
OTHER_RUN = RunArn(f"{_TEMPLATE}/run/0-DDDDDDDD")
AGENT = AgentId("host-0123456789abcdef0")
OTHER_AGENT = AgentId("host-0123456789abcdef1")
PACKAGE_NAMES = ("zlib-of-the-known-name", "openssl-of-the-known-name")


class MemoryRuns:
    """The part of the assessment store that telemetry needs."""

    def __init__(self) -> None:
        self.runs: dict[RunArn, AssessmentRun] = {}
        self.agents: dict[RunArn, tuple[AgentId, ...]] = {}

    def add(self, arn: RunArn, state: AssessmentRunState, *agents: AgentId) -> None:
        change = StateChange(at=FakeClock().now(), state=state)
        self.runs[arn] = AssessmentRun(
            arn=arn,
            name="run",
            template_arn=RunArn(_TEMPLATE),  # type: ignore[arg-type]  # its type does not matter here
            duration_seconds=3600,
            rules_package_arns=(),
            user_attributes=(),
            created_at=change.at,
            state_changes=(change,),
            finding_counts={},
        )
        self.agents[arn] = agents

    def enter(self, arn: RunArn, state: AssessmentRunState) -> None:
        self.runs[arn] = replace(self.runs[arn], state_changes=(StateChange(at=FakeClock().now(), state=state),))

    def state_for(self, arn: RunArn, agent: AgentId) -> AssessmentRunState | None:
        return self.runs[arn].state if agent in self.agents.get(arn, ()) else None


@dataclass(kw_only=True)
class World:
    """Everything a test may want to look at."""

    folder: Path
    is_stale: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    counters: Counters = field(default_factory=Counters)
    board: InstructionBoard = field(default_factory=InstructionBoard)
    agents: MemoryAgentStore = field(default_factory=MemoryAgentStore)
    identities: MemoryIdentityStore = field(init=False)
    attesting: Attesting = field(default_factory=lambda: Attesting(attestors={"join_token": JOIN_TOKENS}))
    rollouts: MemoryRolloutStore = field(default_factory=MemoryRolloutStore)
    index: MemoryTelemetryStore = field(default_factory=MemoryTelemetryStore)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    objects: ObjectStore = field(init=False)
    keys: RunKeys = field(init=False)
    telemetry: Telemetry = field(init=False)
    admission: Admission = field(init=False)
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        self.identities = MemoryIdentityStore(self.agents)
        self.objects = ObstoreObjectStore.from_url((self.folder / "objects").as_uri())
        self.use(self.objects)
        self.runs.add(RUN, AssessmentRunState.COLLECTING_DATA, AGENT, OTHER_AGENT)

    def use(self, objects: ObjectStore, limits: StreamLimits = DEFAULT_LIMITS) -> None:
        """Build the use cases over these objects, as after a restart."""
        provider = FileKeyProvider(self.folder / "keys" / "master.json")
        self.objects = objects
        self.keys = RunKeys(provider, self.index, self.clock, ACCOUNT)
        stores = TelemetryStores(index=self.index, objects=objects, runs=self.runs, limits=limits)
        self.telemetry = Telemetry(stores, self.keys, self.counters, self.clock, secrets.token_bytes)
        self.admission = Admission(
            agents=self.agents,
            identities=self.identities,
            attesting=self.attesting,
            new_id=lambda: new_agent_id(secrets.token_bytes),
        )
        self.gateway = Gateway(
            agents=self.agents,
            heartbeats=Heartbeats(self.agents, self.board, self.counters),
            telemetry=self.telemetry,
            releases=Releases(rollouts=self.rollouts, agents=self.agents, clock=self.clock),
            sessions=Sessions(secrets.token_bytes),
            nonces=Nonces(secrets.token_bytes),
            is_stale=lambda: self.is_stale,
            counters=self.counters,
            clock=self.clock,
            admission=self.admission,
        )

    def add_agent(self, key: Ed25519PrivateKey, agent_id: AgentId = AGENT) -> Agent:
        agent = Agent(
            id=agent_id, public_key=key.public_key().public_bytes_raw(), tags=(), enrolled_at=self.clock.now()
        )
        self.agents._agents[agent_id] = agent
        return agent

    def files(self) -> list[Path]:
        """Every file the service wrote, except the ledger of shredded runs."""
        found = (path for path in (self.folder / "objects").rglob("*") if path.is_file())
        return sorted(path for path in found if path.parent.name != "shredded")


def package(name: str, version: str = "1.0-1") -> Package:
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture="amd64",
        source_name=name,
        source_version=version,
    )


def records() -> list[tuple[str, Record]]:
    """One whole collection of two sensors."""
    port = ListeningPort(transport=TransportProtocol.TCP, ip_version=4, address="0.0.0.0", port=22)
    return [
        ("agent", MonitoringStart(agent_version="1", sensors=("dpkg", "os_release", "listening_ports"))),
        *(("dpkg", package(name)) for name in PACKAGE_NAMES),
        ("dpkg", SensorStatus(sensor="dpkg", state=SensorState.OK, records=len(PACKAGE_NAMES))),
        ("os_release", OperatingSystem(id="debian", version_id="12")),
        ("os_release", SensorStatus(sensor="os_release", state=SensorState.OK, records=1)),
        ("listening_ports", port),
        ("listening_ports", SensorStatus(sensor="listening_ports", state=SensorState.OK, records=1)),
    ]


def plaintext(found: Sequence[tuple[str, Record]]) -> bytes:
    return encode_batch(encode_record(sensor, record) for sensor, record in found)


def envelope(
    seq: int = 1, content: bytes | None = None, run: RunArn = RUN, agent: AgentId = AGENT, stream: str = "collection"
) -> bytes:
    payload = plaintext(records()) if content is None else content
    return encode_envelope(run_arn=run, agent_id=agent, stream=stream, seq=seq, plaintext=payload)


def stream_of(count: int) -> list[bytes]:
    """One collection spread over so many envelopes."""
    found = records()
    step = -(-len(found) // count)
    parts = [found[start : start + step] for start in range(0, len(found), step)]
    return [
        envelope(seq, plaintext(part))
        for seq, part in zip(range(1, count + 1), itertools.chain(parts, itertools.repeat([])), strict=False)
    ]


def chain_of(envelopes: Sequence[bytes]) -> str:
    """The manifest's chain, from its definition: SHA-256 over the digests in order."""
    return hashlib.sha256(b"".join(bytes.fromhex(decode_header(sent).digest) for sent in envelopes)).hexdigest()
