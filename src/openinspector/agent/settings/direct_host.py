"""Hosts that bypass the proxy: those of ``no_proxy``, and always the metadata service (F1.57)."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

ALWAYS_DIRECT: Final = frozenset({"169.254.169.254", "fd00:ec2::254"})
"""The metadata service of EC2. Through a proxy it would return the proxy's identity, not this host's."""


def is_direct(host: str, no_proxy: Iterable[str]) -> bool:
    """Return True if ``host`` (a name or an address, IPv6 without brackets) is reached without the proxy.

    An entry is ``*``, a host name, a domain (``.example.com``, ``*.example.com`` or ``example.com``: the name itself
    and every name below it), an address, or a network (``10.0.0.0/8``), which matches addresses but not names, because
    the proxy resolves names. Case is ignored.
    """
    host = host.lower().rstrip(".")
    return host in ALWAYS_DIRECT or any(_covers(entry.lower(), host) for entry in no_proxy)


def _covers(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(entry, host)
    name = entry.strip("[]").removeprefix("*").removeprefix(".").rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _in_network(entry: str, host: str) -> bool:
    from ipaddress import ip_address, ip_network  # noqa: PLC0415 - most hosts need it never

    with suppress(ValueError):
        return ip_address(host) in ip_network(entry, strict=False)
    return False
