"""The instruction board: the instructions that each agent receives with its next heartbeat."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from openinspector.model.agent import AgentId
from openinspector.model.system_family import SystemFamily
from openinspector.wire.instruction import Instruction, StartCollection


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Instructions, encoded once for all heartbeats."""

    instructions: tuple[Instruction, ...]
    encoded: tuple[msgspec.Raw, ...]
    collects: bool
    """True if one of them starts a collection: heartbeats are more frequent then."""


NO_ORDERS: Final = Orders(instructions=(), encoded=(), collects=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrders:
    """Instructions of one run to its agents."""

    agents: Container[AgentId]
    """The agents that take part in the run."""
    closed: Container[AgentId]
    """Those that have sent everything; they are asked for nothing more."""
    by_family: Mapping[SystemFamily, Orders]


class InstructionBoard:
    """Replaced as a whole by the collection monitor; readers see the old or the new board, never a mixture.

    It holds runs, not agents: an agent's instructions are looked up when it calls.
    """

    def __init__(self) -> None:
        self._runs: tuple[RunOrders, ...] = ()

    def replace(self, runs: Sequence[RunOrders]) -> None:
        """Replace the board; an agent of no run has no instructions."""
        # One assignment of one name: atomic for every thread that reads.
        self._runs = tuple(runs)

    def orders(self, agent: AgentId, family: SystemFamily = SystemFamily.LINUX) -> Orders:
        """Return the instructions for an agent on a host of this family, with their encoding."""
        for run in self._runs:  # Two runs share no host (F4.31).
            if agent in run.agents and agent not in run.closed:
                return run.by_family[family]
        return NO_ORDERS


def orders_of(*instructions: Instruction) -> Orders:
    """Return instructions with their encoding."""
    return Orders(
        instructions=instructions,
        encoded=tuple(encode_instruction(instruction) for instruction in instructions),
        collects=any(isinstance(instruction, StartCollection) for instruction in instructions),
    )


def encode_instruction(instruction: Instruction) -> msgspec.Raw:
    """Return an instruction as it is encoded in a heartbeat's reply."""
    return msgspec.Raw(msgspec.json.encode(instruction))
