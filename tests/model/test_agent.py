"""Agent health is judged by the last heartbeat (decisions: UNHEALTHY after 3 missed intervals)."""

from datetime import UTC, datetime, timedelta

import pytest

from openinspector.model.agent import Agent, AgentHealth, AgentHealthCode, AgentId

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def agent(silence: int | None, code: AgentHealthCode = AgentHealthCode.IDLE) -> Agent:
    return Agent(
        id=AgentId("host-0123456789abcdef0"),
        public_key=bytes(32),
        tags=(),
        enrolled_at=NOW - timedelta(days=1),
        health_code=code,
        last_heartbeat_at=None if silence is None else NOW - timedelta(seconds=silence),
    )


@pytest.mark.parametrize(
    ("silence", "code", "health"),
    [
        (None, AgentHealthCode.UNKNOWN, AgentHealth.UNKNOWN),
        (0, AgentHealthCode.IDLE, AgentHealth.HEALTHY),
        (180, AgentHealthCode.RUNNING, AgentHealth.HEALTHY),
        (181, AgentHealthCode.RUNNING, AgentHealth.UNHEALTHY),
        (0, AgentHealthCode.THROTTLED, AgentHealth.HEALTHY),
        (0, AgentHealthCode.SHUTDOWN, AgentHealth.UNHEALTHY),
        (0, AgentHealthCode.UNHEALTHY, AgentHealth.UNHEALTHY),
    ],
)
def test_health(silence: int | None, code: AgentHealthCode, health: AgentHealth) -> None:
    assert agent(silence, code).health(NOW) is health


def test_a_silent_agent_s_code_is_unhealthy() -> None:
    assert agent(1000).current_health_code(NOW) is AgentHealthCode.UNHEALTHY
    assert agent(1000, AgentHealthCode.SHUTDOWN).current_health_code(NOW) is AgentHealthCode.SHUTDOWN
