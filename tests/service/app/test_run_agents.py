"""The hosts that take part in a run, and the exclusions of the others."""

from datetime import timedelta
from typing import Any

import pytest

from openinspector.model.agent import Agent, AgentHealthCode, HostDescription
from openinspector.model.exclusion import ExclusionKind, ScopeKey
from openinspector.model.finding import Attribute
from openinspector.service.app.run_agents import plan_run, unavailable_packages
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES

NOW = builders.moment(1000)


def healthy(number: int = 1, **fields: Any) -> Agent:
    return builders.agent(number, **{"last_heartbeat_at": NOW, "health_code": AgentHealthCode.IDLE, **fields})


def on(distribution: str) -> Agent:
    return healthy(host=HostDescription(distribution=distribution, hostname="web.example"))


SILENT = healthy(last_heartbeat_at=NOW - timedelta(seconds=181))


def test_healthy_hosts_take_part_in_the_order_of_ids() -> None:
    plan = plan_run([healthy(2), healthy(1)], set(), NOW)
    assert plan.participants == (builders.agent_id(1), builders.agent_id(2))
    assert plan.exclusions == ()


@pytest.mark.parametrize(
    ("agent", "busy", "kind"),
    [
        (builders.agent(), False, ExclusionKind.AGENT_NOT_FOUND),
        (SILENT, False, ExclusionKind.AGENT_UNHEALTHY),
        (SILENT, True, ExclusionKind.AGENT_ALREADY_RUNNING),
        (healthy(health_code=AgentHealthCode.SHUTDOWN), False, ExclusionKind.AGENT_UNHEALTHY),
        (on("freebsd:14.1"), False, ExclusionKind.UNSUPPORTED_OS),
    ],
)
def test_other_hosts_are_excluded(agent: Agent, busy: bool, kind: ExclusionKind) -> None:  # noqa: FBT001 - a case
    plan = plan_run([agent], {agent.id} if busy else set(), NOW)
    (exclusion,) = plan.exclusions
    assert plan.participants == ()
    assert exclusion.kind is kind
    assert [(scope.key, scope.value) for scope in exclusion.scopes] == [(ScopeKey.INSTANCE_ID, agent.id)]
    assert agent.id in exclusion.description
    assert exclusion.recommendation
    assert exclusion.attributes[0] == Attribute(key="INSTANCE_ID", value=agent.id)


@pytest.mark.parametrize(
    "distribution", ["debian:12", "almalinux:9.4", "alpine:3.20", "arch:", "windows:10.0.20348", "a-new-linux:1", ""]
)
def test_supported_and_unknown_systems_take_part(distribution: str) -> None:
    assert plan_run([on(distribution)], set(), NOW).exclusions == ()


def test_the_store_refuses_a_healthy_busy_host() -> None:
    agent = healthy()
    assert plan_run([agent], {agent.id}, NOW).participants == (agent.id,)


def test_no_host_at_all_is_an_exclusion() -> None:
    assert [exclusion.kind for exclusion in plan_run([], set(), NOW).exclusions] == [ExclusionKind.NO_INSTANCES]


def test_a_package_that_is_not_offered_is_excluded_and_not_an_error() -> None:
    wanted = [package.arn for package in PACKAGES[:3]]
    excluded = unavailable_packages(PACKAGES[:1], wanted)
    assert [exclusion.scopes[0].value for exclusion in excluded] == wanted[1:]
    assert not any(exclusion.kind.is_error for exclusion in excluded)
