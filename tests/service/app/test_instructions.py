"""The instruction board is replaced as a whole."""

import threading
from datetime import UTC, datetime

import msgspec
import pytest

from openinspector.model.agent import AgentId
from openinspector.service.app.instructions import InstructionBoard
from openinspector.wire.instruction import Instruction, Reattest, SetHeartbeatInterval, StartCollection, StopCollection

AGENT = AgentId("host-0123456789abcdef0")
OTHER = AgentId("host-0123456789abcdef1")
START = StartCollection(
    run_arn="arn", sensors=("dpkg",), ends_at=datetime(2026, 1, 1, tzinfo=UTC), close_when_collected=True
)


def test_an_empty_board_has_nothing_for_anyone() -> None:
    board = InstructionBoard()
    assert board.for_agent(AGENT) == ()
    assert board.orders(AGENT).encoded == ()


def test_replacing_is_wholesale() -> None:
    board = InstructionBoard()
    board.replace({AGENT: (START,), OTHER: (Reattest(),)})
    board.replace({OTHER: (StopCollection(run_arn="arn", discard=True), Reattest())})
    assert board.for_agent(AGENT) == ()
    assert board.for_agent(OTHER) == (StopCollection(run_arn="arn", discard=True), Reattest())


def test_published_instructions_round_trip() -> None:
    board = InstructionBoard()
    sent: tuple[Instruction, ...] = (START, SetHeartbeatInterval(seconds=15), Reattest())
    board.replace({AGENT: sent})
    assert tuple(msgspec.json.decode(raw, type=Instruction) for raw in board.orders(AGENT).encoded) == sent


def test_only_a_start_makes_heartbeats_faster() -> None:
    board = InstructionBoard()
    board.replace({AGENT: (START,), OTHER: (StopCollection(run_arn="arn", discard=False),)})
    assert board.orders(AGENT).collects
    assert not board.orders(OTHER).collects


def test_the_board_does_not_change_under_its_readers() -> None:
    board = InstructionBoard()
    held = {AGENT: [Reattest()]}
    board.replace(held)
    held[AGENT].append(Reattest())
    held[OTHER] = [Reattest()]
    assert board.for_agent(AGENT) == (Reattest(),)
    assert board.for_agent(OTHER) == ()


def test_more_than_a_reply_holds_is_refused_and_the_old_board_stays() -> None:
    board = InstructionBoard()
    board.replace({AGENT: (START,)})
    with pytest.raises(ValueError, match="at most"):
        board.replace({AGENT: (Reattest(),) * 61})
    assert board.for_agent(AGENT) == (START,)


def test_readers_see_one_board_or_the_other() -> None:
    board = InstructionBoard()
    boards = [{AGENT: (SetHeartbeatInterval(seconds=n),), OTHER: (SetHeartbeatInterval(seconds=n),)} for n in (5, 6)]
    board.replace(boards[0])
    seen: set[tuple[Instruction, ...]] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(board.for_agent(AGENT))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(500):
        board.replace(boards[number % 2])
    done.set()
    reader.join()
    assert seen <= {boards[0][AGENT], boards[1][AGENT]}
    assert seen
