"""A real agent and a real service: its key is replaced while it runs, it is asked who it is, and it is revoked."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from openinspector.agent.identity import load_key
from openinspector.agent.rotation import prepare_rotation
from openinspector.agent.status import load_status
from openinspector.model.agent import AgentId
from openinspector.service.system_clock import SystemClock
from openinspector.testing.whole_system import WholeSystem

PATIENCE_SECONDS = 90


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.1)


def test_the_life_of_an_identity(system: WholeSystem, tmp_path: Path) -> None:
    agent_id = AgentId(system.start_agent())
    stores = system.processes.stores()
    (state,) = {path.parent for path in tmp_path.rglob("enrolment.json")}

    def heard_again() -> bool:
        (agent,) = stores.agents.agents_by_id([agent_id])
        return agent.last_heartbeat_at is not None and agent.last_heartbeat_at > since

    # 1. the key is replaced while the agent runs; it stays the same agent, and the old key is out
    old, new = load_key(state), prepare_rotation(state)
    assert old is not None
    until(lambda: stores.identities.keys_by_id([agent_id])[agent_id] == new.public_key)
    since = SystemClock().now()
    until(heard_again)
    assert json.loads((state / "enrolment.json").read_text())["key_id"] == new.id
    assert stores.identities.is_revoked(old.id)

    # 2. it is asked to prove itself again, and does
    assert stores.identities.ask_reattestation(agent_id, SystemClock().now())
    until(lambda: not stores.identities.reattestations_asked())

    # 3. it is revoked, and says so
    assert stores.agents.revoke(agent_id, SystemClock().now())
    until(lambda: "(revoked)" in load_status(state).problem)
    assert list(stores.agents.list_agents()) == []
