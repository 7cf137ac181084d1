"""Rings: who is offered what, and when a rollout stops by itself."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag
from openinspector.service.app.refusal import RefusedError
from openinspector.service.app.releases import Releases, ring_of, share_of, too_many_failed
from openinspector.service.ports.rollout_store import ReportCounts
from openinspector.testing.conformance.rollout_store import ring
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_agent_store import MemoryAgentStore
from openinspector.testing.memory_rollout_store import MemoryRolloutStore
from openinspector.testing.model_builders import agent, agent_id, moment
from openinspector.testing.simulated_releases import PLATFORM
from openinspector.wire.release import ReleaseReport, ReleaseRequest, target_name

REQUEST = ReleaseRequest(version="1.0", release=1, platform=PLATFORM)


@dataclass
class World:
    store: MemoryRolloutStore = field(default_factory=MemoryRolloutStore)
    agents: MemoryAgentStore = field(default_factory=MemoryAgentStore)

    def __post_init__(self) -> None:
        self.releases = Releases(rollouts=self.store, agents=self.agents, clock=FakeClock())

    def enrol(self, number: int, *tags: Tag) -> Agent:
        enrolled = agent(number, tags=tags)
        self.agents._agents[enrolled.id] = enrolled
        return enrolled

    def offered(self, number: int) -> str | None:
        return self.releases.offer(agent_id(number), REQUEST).target

    def reports(self, number: int, version: str = "2.0", *, succeeded: bool = False) -> None:
        result = "UPDATED" if succeeded else "SELF_TEST_FAILED"
        report = ReleaseReport(from_version="1.0", to_version=version, succeeded=succeeded, result=result)
        self.releases.report(agent_id(number), report)

    @property
    def paused(self) -> str:
        return self.store.list_rings()[0].paused_because


@pytest.fixture
def world() -> World:
    made = World()
    for number in range(1, 31):
        made.enrol(number)
    return made


def test_without_a_ring_nothing_is_offered(world: World) -> None:
    assert world.offered(1) is None


def test_agent_is_offered_the_version_of_its_ring(world: World) -> None:
    world.store.put_ring(ring())
    assert world.offered(1) == target_name("2.0", PLATFORM)
    world.store.put_ring(ring(version="1.0"))
    assert world.offered(1) is None


def test_first_matching_ring_wins(world: World) -> None:
    canary = world.enrol(40, Tag(key="Ring", value="canary"))
    world.store.put_ring(ring("canary", position=1, tags=(Tag(key="Ring", value="canary"),), version="3.0"))
    world.store.put_ring(ring("rest", position=2, version="2.0"))
    assert world.releases.offer(canary.id, REQUEST).target == target_name("3.0", PLATFORM)
    assert world.offered(1) == target_name("2.0", PLATFORM)


def test_a_paused_ring_does_not_hand_its_agents_on(world: World) -> None:
    world.store.put_ring(ring("early", position=1, paused_because="broken"))
    world.store.put_ring(ring("rest", position=2))
    assert world.offered(1) is None


def test_a_revoked_agent_is_offered_nothing(world: World) -> None:
    world.agents.revoke(agent_id(1), moment(9))
    with pytest.raises(RefusedError, match="revoked"):
        world.offered(1)


@given(st.text(alphabet="0123456789abcdef", min_size=17, max_size=17), st.integers(1, 100))
def test_a_share_is_stable_and_rings_nest(digits: str, percentage: int) -> None:
    some = agent(1, id=AgentId(f"host-{digits}"))
    share = share_of(some.id)
    assert 0 <= share < 100
    taken = ring_of(some, [ring(percentage=percentage)]) is not None
    assert taken == (share < percentage)
    assert ring_of(some, [ring(percentage=100)]) is not None


def test_percentage_is_approximate() -> None:
    agents = [agent(number) for number in range(1, 2001)]
    taken = sum(ring_of(one, [ring(percentage=10)]) is not None for one in agents)
    assert 120 < taken < 280


def test_a_ring_pauses_once_too_many_have_failed(world: World) -> None:
    world.store.put_ring(ring(max_failure_percent=20))
    for number in (1, 2):
        world.reports(number)
    assert world.paused == ""
    world.reports(3)
    assert world.paused == "3 of 3 agents could not update to 2.0"
    assert world.offered(4) is None


def test_repeated_failures_of_one_agent_do_not_pause(world: World) -> None:
    world.store.put_ring(ring(max_failure_percent=20))
    for _ in range(50):
        world.reports(1)
    assert world.paused == ""


def test_reports_about_another_version_do_not_pause(world: World) -> None:
    world.store.put_ring(ring(max_failure_percent=0))
    world.reports(1, "1.9")
    assert world.paused == ""
    assert world.store.count_reports("early", "1.9") == ReportCounts()
    world.reports(1)
    assert world.paused


def test_a_ring_that_was_resumed_pauses_again_with_the_next_failure(world: World) -> None:
    world.store.put_ring(ring(max_failure_percent=0))
    world.reports(1)
    world.store.set_pause("early", "")
    world.reports(2, succeeded=True)
    assert world.paused == ""
    world.reports(3)
    assert world.paused


@given(failed=st.integers(0, 500), succeeded=st.integers(0, 500), allowed=st.integers(0, 100))
def test_more_failures_never_unpause(failed: int, succeeded: int, allowed: int) -> None:
    one: Any = ring(max_failure_percent=allowed)
    now = too_many_failed(one, ReportCounts(failed=failed, succeeded=succeeded))
    assert not now or too_many_failed(one, ReportCounts(failed=failed + 1, succeeded=succeeded))
    assert not too_many_failed(one, ReportCounts(failed=0, succeeded=succeeded))
