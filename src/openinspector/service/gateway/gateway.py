"""Gateway: what the agent-facing endpoints share."""

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass, field

from openinspector.model.agent import AgentId
from openinspector.service.app.counters import Counters
from openinspector.service.app.enrolment import Nonces
from openinspector.service.app.heartbeats import Heartbeats
from openinspector.service.app.releases import Releases
from openinspector.service.app.sessions import Sessions
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.gateway.slots import Slots
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The use cases and stores behind the endpoints, and how much may be going on at once."""

    agents: AgentStore
    heartbeats: Heartbeats
    telemetry: Telemetry
    releases: Releases
    sessions: Sessions
    nonces: Nonces
    counters: Counters
    clock: Clock
    new_agent_id: Callable[[], AgentId]
    uploads: Slots = field(default_factory=lambda: Slots(64))
    """Uploads of telemetry on their way: bounds memory; who finds none free is told to come back."""
    ingests: Semaphore = field(default_factory=lambda: Semaphore(4))
    """Uploads being decoded, sealed and stored: bounds threads; uploads wait for it."""
    admissions: Slots = field(default_factory=lambda: Slots(64, per_holder=64))
    """Enrolments and session openings at the store: bounds what strangers can make us do."""
