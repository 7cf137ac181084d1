"""Where webhooks may lead: names are resolved once, and only checked addresses are connected to.

Administrators choose the addresses of webhooks, which are mostly internal, so private networks are allowed. Link-local
addresses, which include the metadata services of clouds, and addresses that are not of a single host are refused.
Loopback needs the operator's permission. IPv4 inside IPv6 is checked as IPv4. No proxy is used, no redirect followed:
both would connect to an address that was not checked. `httpcore` is used instead of `httpx` because it accepts our
connection, so one deadline covers the whole exchange.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "fd00:ec2::/32",  # the metadata service of EC2 over IPv6
        "100.100.100.200/32",  # Alibaba Cloud's
        "192.0.0.192/32",  # Oracle Cloud's
        "168.63.129.16/32",  # Azure's wire server
    )
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_IPV4_BITS: Final = 0xFFFFFFFF


def refusal(address: IpAddress, *, loopback: bool) -> str | None:
    """Return why connecting to an address is refused; None if it is allowed.

    An IPv6 address that holds an IPv4 address is treated as that address.
    """
    within = _within(address)
    if within is not None:
        return refusal(within, loopback=loopback)
    if address.is_loopback:
        return None if loopback else "it is this host itself"
    if address.is_link_local or any(address in network for network in _METADATA):
        return "it is link-local or a cloud's metadata service"
    if address.is_unspecified or address.is_multicast or address.is_reserved or int(address) == _IPV4_BITS:
        return "it is not the address of a single host"
    return None


def host_refusal(host: str, *, loopback: bool) -> str | None:
    """Return why nothing can ever be delivered to ``host``; None if that depends on what its name resolves to.

    No name is resolved. Addresses are read in every form that connecting reads, such as ``127.1`` and ``0x7f000001``.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 section 6.3
        return refusal(ipaddress.IPv4Address("127.0.0.1"), loopback=loopback)
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return None
    reasons = [refusal(address, loopback=loopback) for address in _distinct(found)]
    return next(filter(None, reasons), None)


def _distinct(found: Iterable[tuple[Any, ...]]) -> list[IpAddress]:
    """Return the addresses that ``getaddrinfo`` found, each once."""
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _within(address: IpAddress) -> ipaddress.IPv4Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _IPV4_BITS)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


class PublishDeadline:
    """The time at which waiting ends. Restarted for each message."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end = 0.0
        self.restart()

    def restart(self) -> None:
        """Restart the deadline."""
        self._end = self._clock() + self._seconds

    def left(self) -> float:
        """Return the seconds left. Raise ReadTimeout if there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout(f"it took longer than {self._seconds:g} s")
        return left


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to addresses that `refusal` allows. Every wait ends at the deadline, however slowly the peer sends."""

    def __init__(self, deadline: PublishDeadline, *, loopback: bool) -> None:
        self._deadline = deadline
        self._loopback = loopback
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve ``host``, check each of its addresses, and connect to the first that answers."""
        del timeout
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, self._deadline.left(), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                problem = error
                continue
            return _BoundedStream(stream, self._deadline)
        raise problem

    def _addresses(self, host: str, port: int) -> list[IpAddress]:
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        addresses = _distinct(found)
        for address in addresses:
            why = refusal(address, loopback=self._loopback)
            if why is not None:
                raise httpcore.ConnectError(f"{host} is {address}, which is not connected to: {why}")
        return addresses


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: PublishDeadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        return _BoundedStream(
            self._inner.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
