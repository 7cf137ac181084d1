import pytest

from openinspector.service.app.counters import Counters
from openinspector.service.listener.connections import (
    CONNECTIONS_PER_AGENT,
    ConnectionLimits,
    Connections,
    source_of,
)


def make(total: int = 100, unproven: int = 100, per_address: int = 3) -> Connections:
    return Connections(ConnectionLimits(total=total, unproven=unproven, per_address=per_address), Counters())


def test_connections_per_address_are_limited() -> None:
    connections = make()
    held = [connections.admit("192.0.2.1") for _ in range(3)]
    assert all(held)
    assert connections.admit("192.0.2.1") is None
    assert connections.admit("192.0.2.2") is not None
    assert connections.counters.value("openinspector_connections_refused_total", limit="address") == 1


def test_the_total_is_limited() -> None:
    connections = make(total=2)
    assert [connections.admit(f"192.0.2.{n}") is not None for n in range(3)] == [True, True, False]
    assert connections.counters.value("openinspector_connections_refused_total", limit="total") == 1
    assert connections.counters.value("openinspector_connections") == 2


def test_places_are_reserved_for_agents() -> None:
    connections = make(total=10, unproven=2)
    first, second = connections.admit("192.0.2.1"), connections.admit("192.0.2.2")
    assert connections.admit("192.0.2.3") is None
    assert connections.counters.value("openinspector_connections_refused_total", limit="unproven") == 1
    assert first is not None
    assert second is not None
    first.prove("agent")
    assert connections.admit("192.0.2.3") is not None


def test_agents_behind_one_address_are_not_limited_by_it() -> None:
    connections = make()
    for number in range(20):
        connection = connections.admit("192.0.2.1")
        assert connection is not None
        assert connection.prove(f"agent-{number}")


def test_connections_per_agent_are_limited() -> None:
    connections = make(per_address=100)
    held = [connections.admit("192.0.2.1") for _ in range(CONNECTIONS_PER_AGENT + 1)]
    proved = [connection.prove("agent") for connection in held if connection is not None]
    assert proved == [True] * CONNECTIONS_PER_AGENT + [False]
    assert held[0] is not None
    assert held[-1] is not None
    held[0].release()
    assert held[-1].prove("agent")


def test_a_released_connection_is_not_counted() -> None:
    connections = make(total=1, per_address=1)
    for agent in (None, "agent"):
        connection = connections.admit("192.0.2.1")
        assert connection is not None
        if agent:
            connection.prove(agent)
        connection.release()
        connection.release()
    assert connections.counters.value("openinspector_connections") == 0
    assert connections.admit("192.0.2.1") is not None


def test_connection_is_reassigned_to_another_agent() -> None:
    connections = make()
    connection = connections.admit("192.0.2.1")
    assert connection is not None
    assert connection.prove("one")
    assert connection.prove("two")
    connection.release()
    assert connections.counters.value("openinspector_connections") == 0


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_source_of_an_address(address: str, source: str) -> None:
    assert source_of(address) == source
