"""Interface addresses from the kernel: one RTM_GETADDR dump over netlink (rtnetlink(7))."""

import socket
import struct
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import InterfaceAddress

_NLMSG: Final = struct.Struct("=IHHII")
"""Length, type, flags, sequence, port of nlmsghdr."""
_IFADDR: Final = struct.Struct("=BBBBI")
"""Family, prefix length, flags, scope, interface index of ifaddrmsg."""
_ATTRIBUTE: Final = struct.Struct("=HH")
_RTM_NEWADDR: Final = 20
_RTM_GETADDR: Final = 22
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_REQUEST_DUMP: Final = 0x1 | 0x300
_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_FAMILIES: Final = {int(socket.AF_INET): (4, 4), int(socket.AF_INET6): (6, 16)}
"""Address family to IP version and length of an address in bytes."""
_RECEIVE_BYTES: Final = 64 * 1024
_MAX_DATAGRAMS: Final = 1000


def addresses() -> tuple[InterfaceAddress, ...]:
    """Return every address of this machine's interfaces; raises OSError where the kernel gives none."""
    names = dict(socket.if_nameindex())
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1.0)
        request = _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        kernel.send(_NLMSG.pack(_NLMSG.size + len(request), _RTM_GETADDR, _REQUEST_DUMP, 1, 0) + request)
        found: list[InterfaceAddress] = []
        for _ in range(_MAX_DATAGRAMS):
            for kind, payload in messages(kernel.recv(_RECEIVE_BYTES)):
                if kind in (_NLMSG_DONE, _NLMSG_ERROR):
                    return tuple(found)
                if kind == _RTM_NEWADDR:
                    found.extend(_address(payload, names))
    return tuple(found)


def messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, payload) of the netlink messages in ``datagram``; stops at the first malformed one."""
    at = 0
    while at + _NLMSG.size <= len(datagram):
        length, kind, _, _, _ = _NLMSG.unpack_from(datagram, at)
        if length < _NLMSG.size:
            return
        yield kind, datagram[at + _NLMSG.size : at + length]
        at += _aligned(length)


def _address(payload: bytes, names: dict[int, str]) -> Iterator[InterfaceAddress]:
    if len(payload) < _IFADDR.size:
        return
    family, _, _, _, index = _IFADDR.unpack_from(payload)
    attributes: dict[int, bytes] = {}
    at = _IFADDR.size
    while at + _ATTRIBUTE.size <= len(payload):
        length, kind = _ATTRIBUTE.unpack_from(payload, at)
        if length < _ATTRIBUTE.size:
            break
        attributes[kind] = payload[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)
    # On point-to-point links IFA_ADDRESS is the peer's; IFA_LOCAL is always our own.
    raw = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    version, size = _FAMILIES.get(family, (0, 0))
    if raw and len(raw) == size:
        yield InterfaceAddress(
            interface=names.get(index, f"if{index}"), ip_version=version, address=socket.inet_ntop(family, raw)
        )


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def packet_filter() -> tuple[tuple[int, bytes], ...]:
    """stub"""
    return ()
