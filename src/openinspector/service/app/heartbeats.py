"""Heartbeats: answered from memory, written to the store about once a second in one transaction.

A heartbeat costs no query. Contacts of the last second are lost if the process dies; the next heartbeat repeats them.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from openinspector.model.agent import AgentHealthCode, AgentId, HostDescription
from openinspector.model.foreign_text import is_printable_line
from openinspector.model.system_family import system_family
from openinspector.service.app.counters import Counters
from openinspector.service.app.instructions import InstructionBoard, encode_instruction
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.ports.agent_store import AgentStore, Contact
from openinspector.wire.instruction import Reattest, SetHeartbeatInterval
from openinspector.wire.message import Heartbeat, HeartbeatReply

_REATTEST: Final = encode_instruction(Reattest())
MAX_DESCRIPTION: Final = 255
"""Characters of each field of a host's description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How often agents send heartbeats (decisions)."""

    idle: timedelta = timedelta(seconds=60)
    collecting: timedelta = timedelta(seconds=15)


class Heartbeats:
    """Accepts heartbeats and buffers them until `flush`. Thread-safe."""

    def __init__(
        self, store: AgentStore, board: InstructionBoard, counters: Counters, intervals: Intervals | None = None
    ) -> None:
        self._store = store
        self._board = board
        self._counters = counters
        self.intervals = intervals or Intervals()
        self._contacts: dict[AgentId, Contact] = {}
        self._lock = threading.Lock()
        self._to_reattest: frozenset[AgentId] = frozenset()
        self._set_interval: dict[timedelta, msgspec.Raw] = {
            interval: encode_instruction(SetHeartbeatInterval(seconds=int(interval.total_seconds())))
            for interval in (self.intervals.idle, self.intervals.collecting)
        }

    def receive(self, agent_id: AgentId, heartbeat: Heartbeat, now: datetime) -> HeartbeatReply:
        """Record a heartbeat and return its reply: the agent's instructions, the interval last."""
        check_description(heartbeat.host)
        orders = self._board.orders(agent_id, system_family(heartbeat.host.distribution.partition(":")[0]))
        collecting = orders.collects or bool(heartbeat.collecting)
        interval = self.intervals.collecting if collecting else self.intervals.idle
        contact = Contact(
            agent_id=agent_id,
            at=now,
            host=heartbeat.host,
            health_code=_health_code(heartbeat, starts_collection=orders.collects),
            health_details=heartbeat.health_details,
            heartbeat_interval=interval,
        )
        with self._lock:
            self._contacts[agent_id] = contact
        if heartbeat.refusals:
            self._counters.lost("instructions-refused", len(heartbeat.refusals))
        again = (_REATTEST,) if agent_id in self._to_reattest else ()
        return HeartbeatReply(instructions=(*orders.encoded, *again, self._set_interval[interval]))

    def reattest(self, agents: Collection[AgentId]) -> None:
        """Instruct exactly these agents to attest again, with every reply until they have."""
        self._to_reattest = frozenset(agents)

    def pending(self) -> int:
        """Return the number of agents whose contacts are not written yet."""
        return len(self._contacts)

    def flush(self) -> int:
        """Write contacts received since the last flush; return the number of agents. StoreError loses nothing."""
        with self._lock:
            contacts, self._contacts = self._contacts, {}
        if not contacts:
            return 0
        try:
            self._store.record_contacts(tuple(contacts.values()))
        except BaseException:
            with self._lock:
                # Keep newer contacts that arrived meanwhile.
                self._contacts = {**contacts, **self._contacts}
            raise
        return len(contacts)


def _health_code(heartbeat: Heartbeat, *, starts_collection: bool) -> AgentHealthCode:
    """Return RUNNING for an idle agent that collects, or that starts to collect with this reply (F4.61).

    An agent reports its code before it reads the reply, so it would stay IDLE until its next heartbeat.
    """
    collects = starts_collection and not heartbeat.refusals
    if heartbeat.health_code is AgentHealthCode.IDLE and (collects or heartbeat.collecting):
        return AgentHealthCode.RUNNING
    return heartbeat.health_code


def check_description(host: HostDescription) -> None:
    """Raise RefusedError if a host describes itself with overlong text or control characters."""
    for text in (
        host.hostname,
        host.operating_system,
        host.kernel_version,
        host.ipv4_address,
        host.distribution,
        host.agent_version,
    ):
        if len(text) > MAX_DESCRIPTION or not is_printable_line(text):
            raise RefusedError(
                RefusalCode.INVALID_MESSAGE,
                "the host's description has an overlong or unprintable field",
                advice=f"Fields are printable and at most {MAX_DESCRIPTION} characters.",
            )
