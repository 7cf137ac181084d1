"""The kernel's socket tables ``/proc/net/{tcp,tcp6,udp,udp6}`` (proc_net(5)): open ports and connections."""

import socket
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, unread
from openinspector.agent.sensor import Absent, Incomplete
from openinspector.model.activity import ConnectionState
from openinspector.model.inventory import TransportProtocol

TCP_TABLES: Final = (("/proc/net/tcp", 4), ("/proc/net/tcp6", 6))
UDP_TABLES: Final = (("/proc/net/udp", 4), ("/proc/net/udp6", 6))
_OPEN: Final = {TransportProtocol.TCP: b"0A", TransportProtocol.UDP: b"07"}
"""TCP_LISTEN, and TCP_CLOSE of a UDP socket without a fixed peer (include/net/tcp_states.h)."""
_CONNECTED: Final = {
    b"01": ConnectionState.ESTABLISHED,
    b"02": ConnectionState.SYN_SENT,
    b"03": ConnectionState.SYN_RECV,
    b"04": ConnectionState.FIN_WAIT1,
    b"05": ConnectionState.FIN_WAIT2,
    b"08": ConnectionState.CLOSE_WAIT,
    b"09": ConnectionState.LAST_ACK,
    b"0B": ConnectionState.CLOSING,
}
_LOCAL, _REMOTE, _STATE, _INODE = 1, 2, 3, 9
_FAMILIES: Final = {8: socket.AF_INET, 32: socket.AF_INET6}
"""By the number of hexadecimal digits."""
_ORDER: Final[Literal["little", "big"]] = "little" if sys.byteorder == "little" else "big"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSocket:
    """A listening TCP socket or a UDP socket bound to a port."""

    transport: TransportProtocol
    ip_version: int
    address: str
    port: int
    inode: int
    """Number of the socket in the links of ``/proc/PID/fd``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedSocket:
    """A TCP socket with a peer."""

    ip_version: int
    state: ConnectionState
    local: tuple[str, int]
    """Address and port; likewise ``remote``."""
    remote: tuple[str, int]
    inode: int
    """0 if no process holds the socket any more."""


_Socket = TypeVar("_Socket")


def read_tables(
    host: Host, tables: Iterable[tuple[str, Callable[[bytes], Iterator[_Socket]]]]
) -> Generator[Incomplete | Absent, None, list[_Socket]]:
    """Return the sockets of all ``tables`` (path, parser); yield why one is missing, or that all are."""
    sockets: list[_Socket] = []
    absent = True
    for path, parse in tables:
        try:
            sockets.extend(parse(host.read(path)))
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
        absent = False
    if absent:
        yield Absent(reason="No /proc/net on this host.")
    return sockets


def parse_table(data: bytes, transport: TransportProtocol, ip_version: int) -> Iterator[OpenSocket]:
    """Yield the open sockets of one table; invalid lines are skipped."""
    state = _OPEN[transport]
    for line in data.split(b"\n")[1:]:
        fields = line.split(None, _INODE + 1)
        if len(fields) <= _INODE or fields[_STATE] != state:
            continue
        try:
            address, port = _end(fields[_LOCAL])
            yield OpenSocket(
                transport=transport, ip_version=ip_version, address=address, port=port, inode=int(fields[_INODE])
            )
        except (ValueError, KeyError):
            continue


def parse_connections(data: bytes, ip_version: int) -> Iterator[ConnectedSocket]:
    """Yield the connections of one TCP table; invalid lines are skipped."""
    for line in data.split(b"\n")[1:]:
        fields = line.split(None, _INODE + 1)
        if len(fields) <= _INODE or fields[_STATE] not in _CONNECTED:
            continue
        try:
            yield ConnectedSocket(
                ip_version=ip_version,
                state=_CONNECTED[fields[_STATE]],
                local=_end(fields[_LOCAL]),
                remote=_end(fields[_REMOTE]),
                inode=int(fields[_INODE]),
            )
        except (ValueError, KeyError):
            continue


def _end(field: bytes) -> tuple[str, int]:
    address, _, port = field.partition(b":")
    return _address(address), int(port, 16)


def _address(digits: bytes) -> str:
    """Return the address from its 32-bit words, each printed in this machine's byte order."""
    words = (digits[at : at + 8] for at in range(0, len(digits), 8))
    raw = b"".join(int(word, 16).to_bytes(4, _ORDER) for word in words)
    return socket.inet_ntop(_FAMILIES[len(digits)], raw)
