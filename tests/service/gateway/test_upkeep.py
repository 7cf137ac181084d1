"""Heartbeats are written while the gateway runs and when it ends; revoked agents lose their sessions."""

import asyncio

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.service.gateway.signing_client import BEAT
from tests.service.gateway_world import AGENT, OTHER_AGENT, World

from openinspector.model.errors import StoreError
from openinspector.service.gateway.upkeep import flush, follow_agents, upkeep
from openinspector.service.ports.change_store import Change, ChangeKind


def last_heartbeat(world: World) -> object:
    return world.agents.agents_by_id((AGENT,))[0].last_heartbeat_at


def test_heartbeats_are_written_periodically(world: World) -> None:
    world.add_agent(Ed25519PrivateKey.generate())

    async def run() -> None:
        async with upkeep(world.gateway, seconds=0.001):
            world.gateway.heartbeats.receive(AGENT, BEAT, world.clock.now())
            for _ in range(5000):
                if last_heartbeat(world) is not None:
                    return
                await asyncio.sleep(0.001)

    asyncio.run(run())
    assert last_heartbeat(world) == world.clock.now()


def test_remaining_heartbeats_are_written_at_shutdown(world: World) -> None:
    world.add_agent(Ed25519PrivateKey.generate())

    async def run() -> None:
        async with upkeep(world.gateway, seconds=3600):
            world.gateway.heartbeats.receive(AGENT, BEAT, world.clock.now())

    asyncio.run(run())
    assert last_heartbeat(world) == world.clock.now()


def test_a_store_that_fails_does_not_stop_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    world.gateway.heartbeats.receive(AGENT, BEAT, world.clock.now())
    with monkeypatch.context() as broken:
        broken.setattr(type(world.agents), "record_contacts", fail)
        asyncio.run(flush(world.gateway))
    assert world.gateway.heartbeats.pending() == 1


def test_reattestation_is_requested_with_the_next_heartbeat(world: World) -> None:
    world.add_agent(Ed25519PrivateKey.generate())
    world.identities.ask_reattestation(AGENT, world.clock.now())
    follow_agents(world.gateway, [Change(seq=1, kind=ChangeKind.REATTESTATION, subject=AGENT)])
    reply = world.gateway.heartbeats.receive(AGENT, BEAT, world.clock.now())
    assert b"re-attest" in msgspec.json.encode(reply)


def test_revoked_agents_lose_their_sessions(world: World) -> None:
    both = (AGENT, OTHER_AGENT)
    kept, revoked = (
        world.gateway.sessions.open(world.add_agent(Ed25519PrivateKey.generate(), agent), world.clock.now())
        for agent in both
    )
    world.agents.revoke(OTHER_AGENT, world.clock.now())
    follow_agents(world.gateway, [Change(seq=n, kind=ChangeKind.AGENT_KEY, subject=a) for n, a in enumerate(both)])
    assert world.gateway.sessions.agents() == (AGENT,)
    assert world.gateway.sessions.find(kept.id, world.clock.now()) is kept
    assert revoked.agent_id == OTHER_AGENT
