"""The instruction board is replaced as a whole."""

import threading
from datetime import UTC, datetime

import msgspec
from tests.service.board import run_orders

from openinspector.model.agent import AgentId
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.instructions import NO_ORDERS, InstructionBoard, RunOrders, orders_of
from openinspector.wire.instruction import Instruction, Reattest, SetHeartbeatInterval, StartCollection, StopCollection

AGENT = AgentId("host-0123456789abcdef0")
OTHER = AgentId("host-0123456789abcdef1")
START = StartCollection(
    run_arn="arn", sensors=("dpkg",), ends_at=datetime(2026, 1, 1, tzinfo=UTC), close_when_collected=True
)
STOP = StopCollection(run_arn="arn", discard=False)


def test_an_empty_board_has_nothing_for_anyone() -> None:
    assert InstructionBoard().orders(AGENT) == NO_ORDERS


def test_replacing_is_wholesale() -> None:
    board = InstructionBoard()
    board.replace([run_orders(AGENT, START), run_orders(OTHER, Reattest())])
    board.replace([run_orders(OTHER, STOP)])
    assert board.orders(AGENT) == NO_ORDERS
    assert board.orders(OTHER).instructions == (STOP,)


def test_published_instructions_round_trip() -> None:
    board = InstructionBoard()
    sent: tuple[Instruction, ...] = (START, SetHeartbeatInterval(seconds=15), Reattest())
    board.replace([run_orders(AGENT, *sent)])
    assert tuple(msgspec.json.decode(raw, type=Instruction) for raw in board.orders(AGENT).encoded) == sent


def test_only_a_start_makes_heartbeats_faster() -> None:
    assert orders_of(START).collects
    assert not orders_of(STOP).collects


def test_an_agent_that_has_sent_everything_is_asked_for_nothing() -> None:
    board, closed = InstructionBoard(), {AGENT}
    board.replace([RunOrders(agents={AGENT, OTHER}, closed=closed, by_family={SystemFamily.LINUX: orders_of(START)})])
    assert board.orders(AGENT) == NO_ORDERS
    assert board.orders(OTHER).instructions == (START,)
    closed.add(OTHER)
    assert board.orders(OTHER) == NO_ORDERS


def test_a_host_gets_the_instructions_of_its_family() -> None:
    board = InstructionBoard()
    by_family = {SystemFamily.LINUX: orders_of(START), SystemFamily.WINDOWS: orders_of(STOP)}
    board.replace([RunOrders(agents={AGENT}, closed=(), by_family=by_family)])
    assert board.orders(AGENT, SystemFamily.WINDOWS).instructions == (STOP,)


def test_readers_see_one_board_or_the_other() -> None:
    board = InstructionBoard()
    boards = [[run_orders(AGENT, SetHeartbeatInterval(seconds=n))] for n in (5, 6)]
    board.replace(boards[0])
    seen: set[tuple[Instruction, ...]] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(board.orders(AGENT).instructions)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(500):
        board.replace(boards[number % 2])
    done.set()
    reader.join()
    assert seen
    assert seen <= {(SetHeartbeatInterval(seconds=5),), (SetHeartbeatInterval(seconds=6),)}
