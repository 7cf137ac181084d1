"""Instruction boards of tests."""

from openinspector.model.agent import AgentId
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.instructions import RunOrders, orders_of
from openinspector.wire.instruction import Instruction


def run_orders(agent: AgentId, *instructions: Instruction) -> RunOrders:
    """Return a run of one agent with these instructions."""
    return RunOrders(agents={agent}, closed=set(), by_family=dict.fromkeys(SystemFamily, orders_of(*instructions)))
