"""Heartbeats are answered from memory and written in batches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.service.board import run_orders

from openinspector.model.agent import Agent, AgentHealthCode, AgentId, HostDescription
from openinspector.model.errors import StoreError
from openinspector.service.app.counters import Counters
from openinspector.service.app.heartbeats import Heartbeats
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.ports.agent_store import Contact
from openinspector.testing.memory_agent_store import MemoryAgentStore
from openinspector.wire.instruction import Instruction, Reattest, SetHeartbeatInterval, StartCollection
from openinspector.wire.message import Heartbeat, HeartbeatReply, Refusal

AGENT = AgentId("host-0123456789abcdef0")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEAT = Heartbeat(host=HostDescription(hostname="web-1"), health_code=AgentHealthCode.IDLE)
START = StartCollection(run_arn="arn", sensors=("dpkg",), ends_at=NOW, close_when_collected=True)


class WatchedStore(MemoryAgentStore):
    """Counts writes; fails on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Sequence[Contact]] = []
        self.fails = False

    def record_contacts(self, contacts: Sequence[Contact]) -> None:
        if self.fails:
            raise StoreError("the disk is full")
        self.batches.append(contacts)
        super().record_contacts(contacts)


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
def board() -> InstructionBoard:
    return InstructionBoard()


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def heartbeats(store: WatchedStore, board: InstructionBoard, counters: Counters) -> Heartbeats:
    return Heartbeats(store, board, counters)


def instructions(reply: HeartbeatReply) -> list[Instruction]:
    return [msgspec.json.decode(raw, type=Instruction) for raw in reply.instructions]


def test_an_idle_agent_sends_a_heartbeat_every_minute(heartbeats: Heartbeats) -> None:
    assert instructions(heartbeats.receive(AGENT, BEAT, NOW)) == [SetHeartbeatInterval(seconds=60)]


def test_reattestation_is_requested_until_done(heartbeats: Heartbeats) -> None:
    heartbeats.reattest([AGENT])
    for _ in range(2):
        assert instructions(heartbeats.receive(AGENT, BEAT, NOW)) == [Reattest(), SetHeartbeatInterval(seconds=60)]
    heartbeats.reattest([])
    assert instructions(heartbeats.receive(AGENT, BEAT, NOW)) == [SetHeartbeatInterval(seconds=60)]


def test_agent_in_a_run_gets_instructions_and_a_shorter_interval(
    heartbeats: Heartbeats, board: InstructionBoard
) -> None:
    board.replace([run_orders(AGENT, START)])
    assert instructions(heartbeats.receive(AGENT, BEAT, NOW)) == [START, SetHeartbeatInterval(seconds=15)]


def test_collecting_agent_gets_a_shorter_interval(heartbeats: Heartbeats) -> None:
    collecting = msgspec.structs.replace(BEAT, collecting=("arn",))
    assert instructions(heartbeats.receive(AGENT, collecting, NOW)) == [SetHeartbeatInterval(seconds=15)]


def stored_code(heartbeats: Heartbeats, store: WatchedStore, beat: Heartbeat) -> AgentHealthCode:
    heartbeats.receive(AGENT, beat, NOW)
    heartbeats.flush()
    return store.batches[-1][0].health_code


def test_an_agent_that_starts_to_collect_is_running_from_that_heartbeat_on(
    heartbeats: Heartbeats, board: InstructionBoard, store: WatchedStore
) -> None:
    assert stored_code(heartbeats, store, BEAT) is AgentHealthCode.IDLE
    board.replace([run_orders(AGENT, START)])
    assert stored_code(heartbeats, store, BEAT) is AgentHealthCode.RUNNING
    board.replace([])
    assert stored_code(heartbeats, store, msgspec.structs.replace(BEAT, collecting=("arn",))) is AgentHealthCode.RUNNING
    assert stored_code(heartbeats, store, BEAT) is AgentHealthCode.IDLE


@pytest.mark.parametrize("code", [AgentHealthCode.THROTTLED, AgentHealthCode.UNHEALTHY, AgentHealthCode.SHUTDOWN])
def test_only_an_idle_agent_becomes_running(
    heartbeats: Heartbeats, board: InstructionBoard, store: WatchedStore, code: AgentHealthCode
) -> None:
    board.replace([run_orders(AGENT, START)])
    assert stored_code(heartbeats, store, msgspec.structs.replace(BEAT, health_code=code)) is code


def test_an_agent_that_refuses_the_instruction_is_not_running(
    heartbeats: Heartbeats, board: InstructionBoard, store: WatchedStore
) -> None:
    board.replace([run_orders(AGENT, START)])
    refusal = Refusal(instruction="start_collection", reason="unknown sensor")
    assert stored_code(heartbeats, store, msgspec.structs.replace(BEAT, refusals=(refusal,))) is AgentHealthCode.IDLE


def test_heartbeats_are_batched_and_the_last_wins(heartbeats: Heartbeats, store: WatchedStore) -> None:
    store._agents[AGENT] = Agent(id=AGENT, public_key=bytes(32), tags=(), enrolled_at=NOW)
    for number in range(100):
        heartbeats.receive(AgentId(f"host-{number:017x}"), BEAT, NOW)
    heartbeats.receive(AGENT, BEAT, NOW)
    later = NOW + timedelta(seconds=1)
    heartbeats.receive(AGENT, msgspec.structs.replace(BEAT, health_details="all well"), later)
    assert store.batches == []
    assert heartbeats.pending() == 101
    assert heartbeats.flush() == 101
    assert [len(batch) for batch in store.batches] == [101]
    (agent,) = store.agents_by_id((AGENT,))
    assert (agent.last_heartbeat_at, agent.health_details, agent.host.hostname) == (later, "all well", "web-1")
    assert agent.heartbeat_interval == timedelta(seconds=60)


def test_nothing_new_writes_nothing(heartbeats: Heartbeats, store: WatchedStore) -> None:
    assert heartbeats.flush() == 0
    assert store.batches == []


def test_a_failed_write_is_repeated_and_never_overtakes_a_newer_beat(
    heartbeats: Heartbeats, store: WatchedStore
) -> None:
    other = AgentId("host-0123456789abcdef1")
    heartbeats.receive(AGENT, BEAT, NOW)
    heartbeats.receive(other, BEAT, NOW)
    store.fails = True
    with pytest.raises(StoreError):
        heartbeats.flush()
    heartbeats.receive(AGENT, BEAT, NOW + timedelta(seconds=9))
    store.fails = False
    heartbeats.flush()
    assert {contact.agent_id: contact.at for contact in store.batches[0]} == {
        AGENT: NOW + timedelta(seconds=9),
        other: NOW,
    }


def test_refused_instructions_are_counted(heartbeats: Heartbeats, counters: Counters) -> None:
    refusals = (Refusal(instruction="dance", reason="unknown kind"), Refusal(instruction="{", reason="no JSON"))
    heartbeats.receive(AGENT, msgspec.structs.replace(BEAT, refusals=refusals), NOW)
    assert counters.value("openinspector_telemetry_losses_total", kind="instructions-refused") == 2


@pytest.mark.parametrize("hostname", ["a" * 256, "web\n1", "\x1b[2J", "a\x00"])
def test_unprintable_description_is_refused(heartbeats: Heartbeats, hostname: str) -> None:
    spoiled = msgspec.structs.replace(BEAT, host=replace(BEAT.host, hostname=hostname))
    with pytest.raises(RefusedError) as refused:
        heartbeats.receive(AGENT, spoiled, NOW)
    assert refused.value.code is RefusalCode.INVALID_MESSAGE
    assert heartbeats.pending() == 0
