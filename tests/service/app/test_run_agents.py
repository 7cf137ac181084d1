"""Which hosts take part, and why the others do not."""

from datetime import timedelta
from typing import Any

import pytest

from openinspector.model.agent import Agent, AgentHealthCode, HostDescription
from openinspector.model.exclusion import ExclusionKind, ScopeKey
from openinspector.service.app.run_agents import plan_run, without_rules
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES

NOW = builders.moment(1000)


def healthy(number: int = 1, **fields: Any) -> Agent:
    return builders.agent(number, **{"last_heartbeat_at": NOW, "health_code": AgentHealthCode.IDLE, **fields})


def on(distribution: str) -> Agent:
    return healthy(host=HostDescription(distribution=distribution, hostname="web.example"))


SILENT = healthy(last_heartbeat_at=NOW - timedelta(seconds=181))


def test_hosts_in_touch_take_part_in_the_order_of_ids() -> None:
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
        (on("plan9:4"), False, ExclusionKind.UNSUPPORTED_OS),
    ],
)
def test_others_are_excluded_by_their_ids(agent: Agent, busy: bool, kind: ExclusionKind) -> None:  # noqa: FBT001 - a case
    plan = plan_run([agent], {agent.id} if busy else set(), NOW)
    (exclusion,) = plan.exclusions
    assert plan.participants == ()
    assert exclusion.kind is kind
    assert [(scope.key, scope.value) for scope in exclusion.scopes] == [(ScopeKey.INSTANCE_ID, agent.id)]
    assert agent.id in exclusion.description
    assert exclusion.recommendation


@pytest.mark.parametrize("distribution", ["debian:12", "almalinux:9.4", "alpine:3.20", ""])
def test_supported_and_unknown_systems_take_part(distribution: str) -> None:
    assert plan_run([on(distribution)], set(), NOW).exclusions == ()


def test_a_busy_host_in_touch_is_left_to_the_store_to_refuse() -> None:
    agent = healthy()
    assert plan_run([agent], {agent.id}, NOW).participants == (agent.id,)


def test_no_host_at_all_is_an_exclusion() -> None:
    assert [exclusion.kind for exclusion in plan_run([], set(), NOW).exclusions] == [ExclusionKind.NO_INSTANCES]


def test_packages_without_rules_are_errors_of_the_run() -> None:
    asked = [package.arn for package in PACKAGES[:3]]
    excluded = without_rules(PACKAGES, asked, {PACKAGES[0].arn})
    assert [exclusion.scopes[0].value for exclusion in excluded] == asked[1:]
    assert all(exclusion.kind.is_error for exclusion in excluded)
