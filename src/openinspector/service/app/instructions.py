"""The instruction board: what each agent is to be told at its next heartbeat."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.model.agent import AgentId
from openinspector.wire.instruction import Instruction, StartCollection

MAX_INSTRUCTIONS: Final = 60
"""Per agent; a heartbeat's reply holds 64, and the service adds some of its own."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's instructions, encoded once for all its heartbeats."""

    instructions: tuple[Instruction, ...]
    encoded: tuple[msgspec.Raw, ...]
    collects: bool
    """Whether one of them starts a collection: heartbeats come faster then."""


NO_ORDERS: Final = Orders(instructions=(), encoded=(), collects=False)


class InstructionBoard:
    """The whole board is replaced at once by the run driver; readers see the old or the new one, never a mixture."""

    def __init__(self) -> None:
        self._orders: Mapping[AgentId, Orders] = MappingProxyType({})

    def replace(self, instructions: Mapping[AgentId, Sequence[Instruction]]) -> None:
        """Put up a new board; an agent that is not on it has no instructions."""
        # Most agents of a run are told the same: it is encoded once.
        known: dict[tuple[Instruction, ...], Orders] = {}
        orders = {
            agent: known.get(told) or known.setdefault(told, _encoded(told))
            for agent, told in ((agent, tuple(found)) for agent, found in instructions.items())
            if told
        }
        # One assignment of one name: atomic for every thread that reads.
        self._orders = MappingProxyType(orders)

    def for_agent(self, agent: AgentId) -> tuple[Instruction, ...]:
        """Return an agent's instructions in order."""
        return self.orders(agent).instructions

    def orders(self, agent: AgentId) -> Orders:
        """Return an agent's instructions with their encoding."""
        return self._orders.get(agent, NO_ORDERS)


def encode_instruction(instruction: Instruction) -> msgspec.Raw:
    """Return an instruction as it stands in a heartbeat's reply."""
    return msgspec.Raw(msgspec.json.encode(instruction))


def _encoded(instructions: Sequence[Instruction]) -> Orders:
    if len(instructions) > MAX_INSTRUCTIONS:
        raise ValueError(f"{len(instructions)} instructions for one agent; at most {MAX_INSTRUCTIONS}")
    return Orders(
        instructions=tuple(instructions),
        encoded=tuple(encode_instruction(instruction) for instruction in instructions),
        collects=any(isinstance(instruction, StartCollection) for instruction in instructions),
    )
