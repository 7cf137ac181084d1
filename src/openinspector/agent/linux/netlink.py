"""Dumps of the kernel over netlink(7): interface addresses (rtnetlink(7)), nftables, audit rules."""

import errno
import os
import socket
import struct
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from openinspector.agent.host import InterfaceAddress
from openinspector.agent.linux import audit_rule, netlink_attribute, nftables

_NLMSG: Final = struct.Struct("=IHHII")
"""Length, type, flags, sequence, port of nlmsghdr."""
_IFADDR: Final = struct.Struct("=BBBBI")
"""Family, prefix length, flags, scope, interface index of ifaddrmsg."""
_ERROR: Final = struct.Struct("=i")
"""Negative error number of nlmsgerr."""
_NETLINK_AUDIT: Final = 9
_NETLINK_NETFILTER: Final = 12
_RTM_NEWADDR: Final = 20
_RTM_GETADDR: Final = 22
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_REQUEST_DUMP: Final = 0x1 | 0x300
_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_FAMILIES: Final = {int(socket.AF_INET): (4, 4), int(socket.AF_INET6): (6, 16)}
"""IP version and length of an address in bytes, by address family."""
_RECEIVE_BYTES: Final = 64 * 1024
_MAX_DATAGRAMS: Final = 1000


def addresses() -> tuple[InterfaceAddress, ...]:
    """Return every address of this machine's interfaces; raise OSError if the kernel refuses."""
    names = dict(socket.if_nameindex())
    request = _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    found: list[InterfaceAddress] = []
    for kind, payload in _dump(socket.NETLINK_ROUTE, _RTM_GETADDR, request):
        if kind == _RTM_NEWADDR:
            found.extend(_address(payload, names))
    return tuple(found)


def packet_filter() -> tuple[tuple[int, bytes], ...]:
    """Return the messages (type, payload) that describe chains, rules, sets and the elements of sets and maps.

    Of a set with more than `nftables.MAX_ELEMENTS` elements, the rest is not read. A set whose elements cannot be read
    gets a message of the type `nftables.ELEMENTS_NOT_READ`. Raises OSError if the caller is not root, and if the kernel
    does not support nftables. The request makes the kernel load the module.
    """
    found: list[tuple[int, bytes]] = []
    for question in (nftables.GET_CHAIN, nftables.GET_RULE, nftables.GET_SET):
        found.extend(_dump(_NETLINK_NETFILTER, question, nftables.EVERYTHING))
    for kind, payload in tuple(found):
        request = nftables.elements_request(kind, payload)
        if request:
            found.extend(_elements(request))
    return tuple(found)


def audit() -> tuple[tuple[int, bytes], ...]:
    """Return the messages (type, payload) that describe the audit state and each rule in force.

    Only ``AUDIT_GET`` and ``AUDIT_LIST_RULES`` are ever sent: they read. Raises OSError if the caller is not root, and
    if the kernel does not support auditing.
    """
    with closing(_dump(_NETLINK_AUDIT, audit_rule.GET, b"")) as state:
        first = next(state, None)
    rules = _dump(_NETLINK_AUDIT, audit_rule.LIST_RULES, b"")
    return (*((first,) if first else ()), *islice(rules, audit_rule.MAX_RULES + 1))


def _elements(request: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the messages of one set's elements, up to the one that exceeds the limit."""
    elements = 0
    try:
        with closing(_dump(_NETLINK_NETFILTER, nftables.GET_SET_ELEMENTS, request)) as dump:
            for kind, payload in dump:
                yield kind, payload
                elements += nftables.element_count(payload)
                if elements > nftables.MAX_ELEMENTS:
                    return
    except OSError:  # deleted since it was listed, or more than is read
        yield nftables.ELEMENTS_NOT_READ, request


def _dump(protocol: int, question: int, request: bytes) -> Generator[tuple[int, bytes], None, None]:
    """Yield the messages (type, payload) of one dump; raise OSError if the kernel refuses or never ends."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
        kernel.settimeout(1.0)
        kernel.send(_NLMSG.pack(_NLMSG.size + len(request), question, _REQUEST_DUMP, 1, 0) + request)
        for _ in range(_MAX_DATAGRAMS):
            for kind, payload in messages(kernel.recv(_RECEIVE_BYTES)):
                if kind == _NLMSG_DONE:
                    return
                if kind == _NLMSG_ERROR:
                    code = -_ERROR.unpack_from(payload)[0] if len(payload) >= _ERROR.size else errno.EPROTO
                    raise OSError(code, os.strerror(code))
                yield kind, payload
    raise OSError(errno.EFBIG, f"the kernel answered with more than {_MAX_DATAGRAMS} datagrams")


def messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, payload) of each netlink message in ``datagram``; stop at the first malformed one."""
    at = 0
    while at + _NLMSG.size <= len(datagram):
        length, kind, _, _, _ = _NLMSG.unpack_from(datagram, at)
        if length < _NLMSG.size:
            return
        yield kind, datagram[at + _NLMSG.size : at + length]
        at += netlink_attribute.aligned(length)


def _address(payload: bytes, names: dict[int, str]) -> Iterator[InterfaceAddress]:
    if len(payload) < _IFADDR.size:
        return
    family, _, _, _, index = _IFADDR.unpack_from(payload)
    attributes = dict(netlink_attribute.attributes(payload[_IFADDR.size :]))
    # On point-to-point links IFA_ADDRESS is the peer's address; IFA_LOCAL is always the host's.
    raw = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    version, size = _FAMILIES.get(family, (0, 0))
    if raw and len(raw) == size:
        yield InterfaceAddress(
            interface=names.get(index, f"if{index}"), ip_version=version, address=socket.inet_ntop(family, raw)
        )
