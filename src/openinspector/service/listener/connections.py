"""Open connections: how many there are, from where, and which of them belong to agents.

A connection is *unproven* until a request on it carries a valid signature of an agent's session. Only unproven
connections count against the limit per address, so that any number of agents may share one address behind NAT.
A proven connection counts against the limit per agent instead. Unproven connections have a total of their own:
strangers cannot take the places of agents that are connected.

A connection costs about 32 KB while idle, and at most about 350 KB while a body arrives (the TLS buffer of 256 KiB,
uvicorn's of 64 KiB); measured on CPython 3.11 with uvloop 0.23.
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass
from typing import Final

from openinspector.service.app.counters import Counters

CONNECTIONS_PER_AGENT: Final = 8
"""An agent uses one, and may leave a few behind when its network changes."""
_IPV6_PREFIX: Final = 64
"""One host can use every address of a /64 (RFC 4291 section 2.5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How many connections may be open at once."""

    total: int
    unproven: int
    per_address: int
    """Unproven connections of one IPv4 address or one IPv6 /64."""


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """One admitted connection."""

    connections: "Connections"
    source: str
    """IPv4 address or IPv6 /64."""
    agent_id: str | None = None
    """The agent that has proved to be at the other end."""
    released: bool = False

    def prove(self, agent_id: str) -> bool:
        """Record that ``agent_id`` is at the other end. Return False if the agent has too many connections."""
        return self.connections.prove(self, agent_id)

    def release(self) -> None:
        """Stop counting the connection. Calling it again changes nothing."""
        self.connections.release(self)


class Connections:
    """Counts connections. Used from the listener's event loop only."""

    def __init__(self, limits: ConnectionLimits, counters: Counters) -> None:
        self._limits = limits
        self._unproven: Counter[str] = Counter()
        self._agents: Counter[str] = Counter()
        self._open = 0
        self.counters = counters

    def admit(self, address: str) -> Connection | None:
        """Count a new connection from ``address``. Return None if a limit is reached."""
        source = source_of(address)
        if self._open >= self._limits.total:
            self.counters.connection_refused("total")
            return None
        if self._unproven.total() >= self._limits.unproven:
            self.counters.connection_refused("unproven")
            return None
        if self._unproven[source] >= self._limits.per_address:
            self.counters.connection_refused("address")
            return None
        self._open += 1
        self._unproven[source] += 1
        self.counters.connections_open(self._open)
        return Connection(connections=self, source=source)

    def prove(self, connection: Connection, agent_id: str) -> bool:
        """Count ``connection`` as the agent's. Return False if the agent has too many already."""
        if connection.released or connection.agent_id == agent_id:
            return True
        if self._agents[agent_id] >= CONNECTIONS_PER_AGENT:
            self.counters.connection_refused("agent")
            return False
        self._forget_owner(connection)
        connection.agent_id = agent_id
        self._agents[agent_id] += 1
        return True

    def release(self, connection: Connection) -> None:
        """Stop counting ``connection``. Calling it again changes nothing."""
        if connection.released:
            return
        connection.released = True
        self._open -= 1
        self._forget_owner(connection)
        self.counters.connections_open(self._open)

    def _forget_owner(self, connection: Connection) -> None:
        if connection.agent_id is None:
            _decrement(self._unproven, connection.source)
        else:
            _decrement(self._agents, connection.agent_id)


def source_of(address: str) -> str:
    """Return what an address is counted as: itself, or its /64 if it is an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, _IPV6_PREFIX), strict=False))


def _decrement(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
