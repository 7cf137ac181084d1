"""Which addresses webhooks may lead to, however they are written."""

import ipaddress

import httpcore
import pytest

from openinspector.service.notify.network_guard import GuardedBackend, PublishDeadline, host_refusal, refusal


def judged(address: str, *, loopback: bool = False) -> bool:
    return refusal(ipaddress.ip_address(address), loopback=loopback) is None


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.170.2", "169.254.0.1", "fe80::1", "fd00:ec2::254", "fd00:ec2::23"),
        *("100.100.100.200", "192.0.0.192", "168.63.129.16"),
        *("0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "240.0.0.1"),
        *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
        "2001:0:a9fe:a9fe:0:0:5601:5601",  # Teredo, whose client is inverted
    ],
)
def test_blocked_addresses(address: str) -> None:
    assert not judged(address)
    assert not judged(address, loopback=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_loopback_requires_permission(address: str) -> None:
    assert not judged(address)
    assert judged(address, loopback=True)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "192.168.1.1", "172.16.0.1", "fd12:3456::1", "198.51.100.7", "2001:db8::1", "64:ff9b::a00:1"],
)
def test_other_addresses_are_allowed(address: str) -> None:
    assert judged(address)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:169.254.169.254]", "localhost", "127.1"]
)
def test_host_is_judged_by_its_resolved_addresses(host: str) -> None:
    """Decimal, hexadecimal and short forms are resolved as connecting would, and names as well."""
    backend = GuardedBackend(PublishDeadline(5), loopback=False)
    with pytest.raises(httpcore.ConnectError, match="which is not connected to"):
        backend.connect_tcp(host, 443)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "LOCALHOST.", "127.1", "[::1]"])
def test_loopback_is_refused_in_advance_unless_the_operator_allows_it(host: str) -> None:
    assert host_refusal(host, loopback=False)
    assert host_refusal(host, loopback=True) is None


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1%1]", "0.0.0.0"])
def test_blocked_hosts_are_refused_in_advance(host: str) -> None:
    assert host_refusal(host, loopback=True)


def test_unknown_name_cannot_be_resolved() -> None:
    with pytest.raises(httpcore.ConnectError, match="cannot be resolved"):
        GuardedBackend(PublishDeadline(5), loopback=True).connect_tcp("nobody.invalid", 443)


def test_deadline_expires_and_restarts() -> None:
    now = [0.0]
    deadline = PublishDeadline(10, lambda: now[0])
    now[0] = 4
    assert deadline.left() == 6
    now[0] = 10
    with pytest.raises(httpcore.ReadTimeout):
        deadline.left()
    deadline.restart()
    assert deadline.left() == 10
