"""The instruction board: the instructions that each agent receives with its next heartbeat."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.model.agent import AgentId
from openinspector.wire.instruction import Instruction, StartCollection

MAX_INSTRUCTIONS: Final = 60
"""Maximum per agent: a heartbeat's reply holds 64, and the service adds a few."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's instructions, encoded once for all its heartbeats."""

    instructions: tuple[Instruction, ...]
    encoded: tuple[msgspec.Raw, ...]
    collects: bool
    """True if one of them starts a collection: heartbeats are more frequent then."""


NO_ORDERS: Final = Orders(instructions=(), encoded=(), collects=False)


class InstructionBoard:
    """Replaced as a whole by the collection monitor; readers see the old or the new board, never a mixture."""

    def __init__(self) -> None:
        self._orders: Mapping[AgentId, Orders] = MappingProxyType({})

    def replace(self, instructions: Mapping[AgentId, Sequence[Instruction]]) -> None:
        """Replace the board; an agent that is not on it has no instructions."""
        # Most agents of a run receive the same instructions: encode them once.
        known: dict[tuple[Instruction, ...], Orders] = {}
        orders = {
            agent: known.get(encoded) or known.setdefault(encoded, _encoded(encoded))
            for agent, encoded in ((agent, tuple(found)) for agent, found in instructions.items())
            if encoded
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
    """Return an instruction as it is encoded in a heartbeat's reply."""
    return msgspec.Raw(msgspec.json.encode(instruction))


def _encoded(instructions: Sequence[Instruction]) -> Orders:
    if len(instructions) > MAX_INSTRUCTIONS:
        raise ValueError(f"{len(instructions)} instructions for one agent; at most {MAX_INSTRUCTIONS}")
    return Orders(
        instructions=tuple(instructions),
        encoded=tuple(encode_instruction(instruction) for instruction in instructions),
        collects=any(isinstance(instruction, StartCollection) for instruction in instructions),
    )
