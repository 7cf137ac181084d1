import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from openinspector.agent.connection.transport import (
    IDLE_SECONDS,
    MAX_RETRY_AFTER,
    GatewayRoute,
    GatewayTransport,
    make_tls_context,
)
from openinspector.agent.session.reply import Accepted, Refused, Throttled, Unauthorised, Unreachable
from openinspector.agent.settings.settings import Address, AgentSettingsError, Proxy
from openinspector.testing.connect_proxy import Behaviour, ConnectProxy
from openinspector.testing.simulated_gateway import Fault, SimulatedGateway
from openinspector.testing.throwaway_authority import ThrowawayAuthority


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def transport(
    gateway: SimulatedGateway,
    proxy: Proxy | None = None,
    ca: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> GatewayTransport:
    route = GatewayRoute(gateway=Address(host="127.0.0.1", port=gateway.port), proxy=proxy, timeout=5)
    return GatewayTransport(route, make_tls_context(ca or gateway.ca_file), clock)


def ask(made: GatewayTransport) -> object:
    return made.post("/agent/v1/challenge", b"", {"content-type": "application/json"})


def test_one_connection_serves_many_requests(gateway: SimulatedGateway) -> None:
    made = transport(gateway)
    assert all(isinstance(ask(made), Accepted) for _ in range(3))
    assert gateway.connections == 1
    made.close()


def test_an_idle_connection_is_not_trusted_to_be_open(gateway: SimulatedGateway) -> None:
    clock = Clock()
    made = transport(gateway, clock=clock)
    ask(made)
    clock.seconds += IDLE_SECONDS + 1
    assert isinstance(ask(made), Accepted)
    assert gateway.connections == 2
    made.close()


def test_a_closed_keep_alive_connection_is_reported_as_stale(gateway: SimulatedGateway) -> None:
    made = transport(gateway)
    ask(made)
    gateway.faults.append(Fault(endpoint="challenge"))
    closed = ask(made)
    assert isinstance(closed, Unreachable)
    assert closed.stale
    gateway.faults.append(Fault(endpoint="challenge"))
    again = ask(made)
    assert isinstance(again, Unreachable)
    assert not again.stale
    assert isinstance(ask(made), Accepted)
    made.close()


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (429, "7", 7.0),
        (503, None, None),
        (429, "999999999", MAX_RETRY_AFTER),
        (429, "9" * 5000, MAX_RETRY_AFTER),
        (429, "-1", None),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_throttled_reply_has_retry_after(
    gateway: SimulatedGateway, status: int, retry_after: str | None, seconds: float | None
) -> None:
    gateway.faults.append(Fault(endpoint="challenge", status=status, retry_after=retry_after))
    reply = ask(transport(gateway))
    assert isinstance(reply, Throttled)
    assert reply.retry_after == seconds


def test_refusals_include_the_problem(gateway: SimulatedGateway) -> None:
    made = transport(gateway)
    gateway.faults += [
        Fault(endpoint="challenge", status=401, code="unknown-session"),
        Fault(endpoint="challenge", status=409, code="stream-closed"),
        Fault(endpoint="challenge", status=500, body=b"<html>oops</html>"),
        Fault(endpoint="challenge", status=302),
    ]
    unauthorised, conflict, broken, redirect = ask(made), ask(made), ask(made), ask(made)
    assert isinstance(unauthorised, Unauthorised)
    assert unauthorised.problem.code == "unknown-session"
    assert isinstance(conflict, Refused)
    assert (conflict.status, conflict.problem.code) == (409, "stream-closed")
    assert isinstance(broken, Refused)
    assert broken.problem.code == "http-500"
    assert isinstance(redirect, Refused)
    made.close()


def test_problem_text_is_sanitised(gateway: SimulatedGateway) -> None:
    body = b'{"code":"x","message":"\\u001b[31mred\\n' + b"long" * 1000 + b'","advice":""}'
    gateway.faults.append(Fault(endpoint="challenge", status=500, body=body))
    reply = ask(transport(gateway))
    assert isinstance(reply, Refused)
    assert reply.problem.message.isprintable()
    assert len(reply.problem.message) <= 500


def test_endless_reply_is_not_read(gateway: SimulatedGateway) -> None:
    gateway.faults.append(Fault(endpoint="challenge", body=bytes(2**20 + 1)))
    reply = ask(transport(gateway))
    assert isinstance(reply, Unreachable)
    assert "longer than" in reply.reason


def test_only_the_pinned_authority_is_trusted(gateway: SimulatedGateway, tmp_path: Path) -> None:
    other = ThrowawayAuthority(tmp_path, "other")
    reply = ask(transport(gateway, ca=other.ca_file))
    assert isinstance(reply, Unreachable)
    assert "not trusted" in reply.reason
    assert gateway.requests == []


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    with SimulatedGateway(tmp_path, host="other.example") as gateway:
        reply = ask(transport(gateway))
    assert isinstance(reply, Unreachable)
    assert "not trusted" in reply.reason


def test_old_tls_versions_are_disabled(gateway: SimulatedGateway) -> None:
    context = make_tls_context(gateway.ca_file)
    assert context.minimum_version.name == "TLSv1_2"
    assert context.check_hostname


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(AgentSettingsError, match=r"absent\.pem"):
        make_tls_context(tmp_path / "absent.pem")
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(AgentSettingsError, match=r"no\.pem"):
        make_tls_context(tmp_path / "no.pem")


def test_connection_refused_is_unreachable(tmp_path: Path) -> None:
    authority = ThrowawayAuthority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    route = GatewayRoute(gateway=Address(host="127.0.0.1", port=port))
    reply = ask(GatewayTransport(route, make_tls_context(authority.ca_file), Clock()))
    assert isinstance(reply, Unreachable)
    assert "refused" in reply.reason


def test_proxy_tunnel_is_end_to_end_tls(gateway: SimulatedGateway) -> None:
    with ConnectProxy("someone:secret") as proxy:
        made = transport(gateway, proxy=Proxy(address=proxy.address, authorization="someone:secret"))
        assert isinstance(ask(made), Accepted)
        made.close()
    assert proxy.tunnels == [f"127.0.0.1:{gateway.port}"]
    assert proxy.seen.startswith(f"CONNECT 127.0.0.1:{gateway.port} HTTP/1.1\r\n".encode())
    assert b"challenge" not in proxy.seen


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (Behaviour.FORBIDS, "answered 403: it does not allow tunnels"),
        (Behaviour.HANGS_UP, "the proxy closed the connection"),
        (Behaviour.NO_PROXY, "does not answer as one"),
        (Behaviour.NEVER_ENDS, "does not answer as one"),
        (Behaviour.ANSWERS_ITSELF, "does not speak TLS"),
        (Behaviour.IMPERSONATES, "does the proxy leave TLS alone?"),
    ],
)
def test_failing_proxy_is_named(gateway: SimulatedGateway, tmp_path: Path, behaviour: Behaviour, message: str) -> None:
    own_tls = ThrowawayAuthority(tmp_path, "own").server_context("127.0.0.1")
    with ConnectProxy(behaviour=behaviour, own_tls=own_tls) as proxy:
        address = proxy.address
        reply = ask(transport(gateway, proxy=Proxy(address=address)))
    assert isinstance(reply, Unreachable)
    assert message in reply.reason
    assert f"through the proxy {address}: " in reply.reason
    assert gateway.requests == []


@pytest.mark.parametrize("given", [None, "someone:wrong"])
def test_wrong_proxy_credentials_are_reported(gateway: SimulatedGateway, given: str | None) -> None:
    with ConnectProxy("someone:secret") as proxy:
        reply = ask(transport(gateway, proxy=Proxy(address=proxy.address, authorization=given)))
    assert isinstance(reply, Unreachable)
    assert "407: it wants a user and a password" in reply.reason
    assert "wrong" not in reply.reason
    assert proxy.refused


def test_an_absent_proxy_is_distinguished_from_an_absent_gateway(gateway: SimulatedGateway) -> None:
    with ConnectProxy() as proxy:
        gone = proxy.address
    reply = ask(transport(gateway, proxy=Proxy(address=gone)))
    assert isinstance(reply, Unreachable)
    assert "the proxy cannot be reached: Connection refused" in reply.reason
