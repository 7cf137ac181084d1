"""Background work of the gateway: store heartbeats, and end the sessions of revoked agents."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from openinspector.model.errors import StoreError
from openinspector.service.gateway.gateway import Gateway

FLUSH_SECONDS: Final = 1.0
SWEEP_EVERY: Final = 5
"""Flushes between two checks for revoked agents: a revocation takes effect within that many seconds."""

_log = structlog.get_logger()


@asynccontextmanager
async def upkeep(gateway: Gateway, seconds: float = FLUSH_SECONDS) -> AsyncIterator[None]:
    """Run the background work every ``seconds`` inside the context; store pending heartbeats at its end."""
    task = asyncio.create_task(_keep(gateway, seconds))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await flush(gateway)


async def flush(gateway: Gateway) -> None:
    """Write pending heartbeats; a failing store loses none."""
    try:
        await asyncio.to_thread(gateway.heartbeats.flush)
    except StoreError as error:
        _log.error("gateway heartbeats not written", error=str(error), agents=gateway.heartbeats.pending())


async def end_revoked(gateway: Gateway) -> None:
    """End the sessions of agents that were deleted from the store or have another key."""
    agents = gateway.sessions.agents()
    try:
        known = await asyncio.to_thread(gateway.admission.identities.keys_by_id, agents)
        asked = await asyncio.to_thread(gateway.admission.identities.reattestations_asked)
    except StoreError as error:
        _log.error("gateway revocations not read", error=str(error))
        return
    for agent in agents:
        if gateway.sessions.drop_agent_unless(agent, known.get(agent)):
            gateway.copied_hosts.forget(agent)
            _log.info("gateway sessions ended", agent=agent, reason="revoked" if agent not in known else "rotated")
    gateway.heartbeats.reattest(asked)


async def _keep(gateway: Gateway, seconds: float) -> None:
    while True:
        for _ in range(SWEEP_EVERY):
            await asyncio.sleep(seconds)
            await flush(gateway)
        await end_revoked(gateway)
