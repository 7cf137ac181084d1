"""Background work of the gateway: store heartbeats, and end the sessions of revoked agents."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from openinspector.model.agent import AgentId
from openinspector.model.errors import StoreError
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.ports.change_store import Change, ChangeKind

FLUSH_SECONDS: Final = 1.0

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


def follow_agents(gateway: Gateway, changes: Sequence[Change]) -> None:
    """End the sessions of agents that were revoked or have another key, and note who must attest again. StoreError."""
    changed = [AgentId(change.subject) for change in changes if change.kind is ChangeKind.AGENT_KEY]
    known = gateway.admission.identities.keys_by_id(changed)
    for agent in changed:
        if gateway.sessions.drop_agent_unless(agent, known.get(agent)):
            gateway.copied_hosts.forget(agent)
            _log.info("gateway sessions ended", agent=agent, reason="revoked" if agent not in known else "rotated")
    if any(change.kind is ChangeKind.REATTESTATION for change in changes):
        note_reattestations(gateway)


def note_reattestations(gateway: Gateway) -> None:
    """Read which agents must attest again. StoreError."""
    gateway.heartbeats.reattest(gateway.admission.identities.reattestations_asked())


async def _keep(gateway: Gateway, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await flush(gateway)
