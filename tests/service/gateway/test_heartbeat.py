"""Heartbeats over HTTP."""

from dataclasses import replace

import msgspec
import pytest
from tests.service.board import run_orders
from tests.service.gateway.signing_client import BEAT, Host, problem
from tests.service.gateway_world import AGENT, RUN

from openinspector.wire.instruction import Instruction, SetHeartbeatInterval, StopCollection
from openinspector.wire.message import HeartbeatReply


def test_a_heartbeat_brings_instructions_and_touches_no_store(host: Host) -> None:
    stop = StopCollection(run_arn=RUN, discard=False)
    host.world.board.replace([run_orders(AGENT, stop)])
    reply = msgspec.json.decode(host.send(host.beat()).content, type=HeartbeatReply)
    instructions = [msgspec.json.decode(raw, type=Instruction) for raw in reply.instructions]
    assert instructions == [stop, SetHeartbeatInterval(seconds=60)]
    (agent,) = host.world.agents.agents_by_id((AGENT,))
    assert agent.last_heartbeat_at is None
    assert host.world.gateway.heartbeats.flush() == 1
    (agent,) = host.world.agents.agents_by_id((AGENT,))
    assert agent.last_heartbeat_at == host.world.clock.now()


@pytest.mark.parametrize(
    "change",
    [
        (b'"IDLE"', b'"ASLEEP"'),
        (b'"health_code"', b'"healthcode"'),
        (b"{", b'{"command":"rm",'),
        (b'"collecting":[]', b'"collecting":["' + b"x" * 301 + b'"]'),
        (b'"refusals":[]', b'"refusals":[{"instruction":1}]'),
        (b'"web-1"', b'"' + b"w" * 300 + b'"'),
        (b'"web-1"', b'"\\u001b[2J"'),
        (b'"web-1"', b'"\\ud800"'),
    ],
)
def test_malformed_heartbeat_is_refused(host: Host, change: tuple[bytes, bytes]) -> None:
    honest = msgspec.json.encode(BEAT)
    assert change[0] in honest
    refused = host.send(host.prepare("heartbeat", honest.replace(*change, 1)))
    assert problem(refused) == (422, "invalid-message")
    assert host.world.gateway.heartbeats.pending() == 0


def test_two_hosts_with_one_key_are_notified_and_the_first_continues(stranger: Host) -> None:
    original = stranger.enrolled()
    original.instance = "a" * 32
    original.opened()
    copy = replace(original, instance="b" * 32).opened()
    assert original.send(original.beat()).status_code == 200
    assert copy.send(copy.beat()).status_code == 200
    assert problem(original.send(original.beat())) == (401, "copied-host")
    assert problem(copy.send(copy.beat())) == (401, "unknown-session")
    assert problem(copy.send(copy.opening())) == (401, "copied-host")
    original.opened()
    assert original.send(original.beat()).status_code == 200
    counters = stranger.world.gateway.counters
    assert counters.value("openinspector_gateway_alarms_total", kind="copied-host") == 1
