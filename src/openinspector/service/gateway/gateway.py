"""Gateway: what the agent-facing endpoints share."""

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from openinspector.service.app.copied_hosts import CopiedHosts
from openinspector.service.app.counters import Counters
from openinspector.service.app.enrolment import Admission, Nonces
from openinspector.service.app.heartbeats import Heartbeats, Intervals
from openinspector.service.app.releases import Releases
from openinspector.service.app.sessions import Sessions
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.gateway.slots import Slots
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.clock import Clock
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES

UPLOAD_BYTES: Final = 64 * MAX_ENVELOPE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The use cases and stores behind the endpoints, and the limits on concurrent work."""

    agents: AgentStore
    heartbeats: Heartbeats
    telemetry: Telemetry
    releases: Releases
    sessions: Sessions
    nonces: Nonces
    counters: Counters
    clock: Clock
    admission: Admission
    is_stale: Callable[[], bool] = lambda: False
    """Returns True if this node does not know which agents were revoked lately; it then refuses all of them."""
    copied_hosts: CopiedHosts = field(default_factory=lambda: CopiedHosts(Intervals().idle))
    uploads: Slots = field(default_factory=lambda: Slots(UPLOAD_BYTES))
    """Bytes of telemetry being received: bounds memory. An upload above the limit is refused with a time to retry."""
    ingests: Semaphore = field(default_factory=lambda: Semaphore(8))
    """Uploads being decoded, sealed and stored, which mostly wait for the disk: bounds threads and plaintext."""
    admissions: Slots = field(default_factory=lambda: Slots(64, per_holder=64))
    """Enrolments and session openings at the store: bounds the work that strangers can cause."""
    attestations: Slots = field(default_factory=lambda: Slots(16, per_holder=16))
    """Enrolments that may have to wait for STS or EC2: fewer, so that they do not block the others."""
