"""Telling restarted agents from copied hosts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.agent import AgentId, HostDescription
from openinspector.service.app.copied_hosts import MAX_REMEMBERED, CopiedHosts
from openinspector.service.app.refusal import RefusalCode, RefusedError

AGENT = AgentId("host-" + "0" * 17)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ORIGINAL = HostDescription(hostname="web-1", ipv4_address="192.0.2.1")
COPY = HostDescription(hostname="web-2", ipv4_address="192.0.2.2")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hosts() -> CopiedHosts:
    return CopiedHosts(MINUTE)


def copied(hosts: CopiedHosts) -> None:
    hosts.record_heartbeat(AGENT, "a", ORIGINAL, NOW)
    hosts.record_heartbeat(AGENT, "b", COPY, NOW)
    with pytest.raises(RefusedError):
        hosts.record_heartbeat(AGENT, "a", ORIGINAL, NOW)


def test_two_living_hosts_are_noticed_with_the_second_heartbeat_and_named(hosts: CopiedHosts) -> None:
    hosts.record_heartbeat(AGENT, "a", ORIGINAL, NOW)
    hosts.record_heartbeat(AGENT, "b", COPY, NOW + MINUTE)
    with pytest.raises(RefusedError, match="another living host uses this host's key: web-2 192.0.2.2") as refused:
        hosts.record_heartbeat(AGENT, "a", ORIGINAL, NOW + MINUTE)
    assert refused.value.code is RefusalCode.COPIED_HOST
    assert "prepare-image" in refused.value.advice


def test_the_copy_gets_no_session_while_the_first_host_lives(hosts: CopiedHosts) -> None:
    copied(hosts)
    hosts.check_opening(AGENT, "a", NOW)
    hosts.record_heartbeat(AGENT, "a", ORIGINAL, NOW + MINUTE)
    with pytest.raises(RefusedError, match="web-1"):
        hosts.check_opening(AGENT, "b", NOW + 4 * MINUTE)
    hosts.check_opening(AGENT, "b", NOW + 5 * MINUTE)


def test_a_copy_that_is_restarted_is_noticed_again(hosts: CopiedHosts) -> None:
    copied(hosts)
    hosts.record_heartbeat(AGENT, "b2", COPY, NOW)
    with pytest.raises(RefusedError):
        hosts.record_heartbeat(AGENT, "a", ORIGINAL, NOW)


def test_agents_are_compared_only_with_themselves(hosts: CopiedHosts) -> None:
    copied(hosts)
    hosts.record_heartbeat(AgentId("host-" + "1" * 17), "b", COPY, NOW)
    hosts.forget(AGENT)
    hosts.check_opening(AGENT, "b", NOW)


def test_agents_that_send_no_instance_are_not_compared(hosts: CopiedHosts) -> None:
    for host in (ORIGINAL, COPY, ORIGINAL):
        hosts.record_heartbeat(AGENT, "", host, NOW)


@given(st.lists(st.integers(1, 4), max_size=40))
def test_restarting_host_is_never_reported_as_a_copy(beats: list[int]) -> None:
    hosts = CopiedHosts(MINUTE)
    for start, count in enumerate(beats):
        hosts.check_opening(AGENT, f"{start}", NOW)
        for _ in range(count):
            hosts.record_heartbeat(AGENT, f"{start}", ORIGINAL, NOW)


def test_memory_per_agent_is_bounded(hosts: CopiedHosts) -> None:
    for start in range(MAX_REMEMBERED + 2):
        hosts.record_heartbeat(AGENT, f"{start}", ORIGINAL, NOW)
    hosts.record_heartbeat(AGENT, "0", ORIGINAL, NOW)
