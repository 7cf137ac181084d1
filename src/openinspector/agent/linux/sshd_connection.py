"""The connections that a configuration of sshd is evaluated for: root and an ordinary user, from any address.

"Any address" and "ordinary" mean those that no Match line singles out. Of a fixed list of addresses (and of user
names), one represents all: it meets the same criteria as most of the others. A block for ``10.0.0.0/8`` or
``User bob`` does not apply to it; a block for ``*,!10.0.0.0/8`` or ``User *`` does.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import product
from typing import Final, TypeVar

from openinspector.agent.host import Host
from openinspector.agent.linux.account_file import GROUP, PASSWD, number, read_entries
from openinspector.agent.linux.sshd_file import SshdLine
from openinspector.agent.linux.sshd_match import ClientConnection, meets

T = TypeVar("T")

ROOT: Final = "root"
_USERS: Final = ("jdoe", "alice", "m.weber", "user1", "x7kq2", "svc-web")
_IPV4: Final = tuple(f"{n}.{n * 7 % 256}.{n * 31 % 256}.{n * 13 % 254 + 1}" for n in range(4, 224, 5))
_IPV6: Final = tuple(f"2{n:03x}:{n * 257 % 65536:x}:{n * 31 % 65536:x}::{n + 1:x}" for n in range(1, 4096, 97))
_DEFAULT_PORT: Final = 22
_GROUP_FIELDS: Final = 4
_PORT: Final = re.compile(r"\d{1,5}", re.ASCII)


def connections(settings: Iterable[SshdLine], host: Host, version: str) -> tuple[ClientConnection, ...]:
    """Return the connections to evaluate, those of an ordinary user first.

    Each user connects over IPv4 and IPv6 and, if criteria name addresses or ports of the host, to one of each kind.
    """
    given = list(settings)
    blocks = {block for setting in given for block in setting.blocks}
    names = {name for block in blocks for name, _ in block.criteria}

    def met(connection: ClientConnection, *relevant: str) -> Hashable:
        """Return which criteria of the ``relevant`` names the connection meets."""
        return frozenset(
            (name, patterns)
            for block in blocks
            for name, patterns in block.criteria
            if name in relevant and meets(name, patterns, connection)
        )

    def of(user: str = "", address: str = "", local: str = "", port: int = _DEFAULT_PORT) -> ClientConnection:
        return ClientConnection(
            user=user, groups=(user,), address=address, local_address=local, local_port=port, version=version
        )

    ordinary = _typical(_USERS, lambda user: met(of(user), "user", "group"))
    addresses = [
        _typical(family, lambda address: met(of(address=address), "address", "host")) for family in (_IPV4, _IPV6)
    ]
    ports = _distinct(_ports(given), lambda port: met(of(port=port), "localport"))
    locals_: tuple[str, ...] = ("",)
    if "localaddress" in names:
        locals_ = _distinct(_host_addresses(host), lambda local: met(of(local=local), "localaddress"))
    users = {ordinary: (ordinary,), ROOT: _root_groups(host)}
    return tuple(
        ClientConnection(
            user=user, groups=groups, address=address, local_address=local, local_port=port, version=version
        )
        for (user, groups), address, local, port in product(users.items(), addresses, locals_, ports)
        if not local or (":" in local) == (":" in address)
    )


def _typical(candidates: Sequence[str], signature: Callable[[str], Hashable]) -> str:
    """Return the first candidate that has the most common signature."""
    signatures = {candidate: signature(candidate) for candidate in candidates}
    common = Counter(signatures.values()).most_common(1)[0][0]
    return next(candidate for candidate, found in signatures.items() if found == common)


def _distinct(candidates: Sequence[T], signature: Callable[[T], Hashable]) -> tuple[T, ...]:
    """Return the first candidate of each signature."""
    found: dict[Hashable, T] = {}
    for candidate in candidates:
        found.setdefault(signature(candidate), candidate)
    return tuple(found.values())


def _ports(settings: Iterable[SshdLine]) -> tuple[int, ...]:
    """Return the ports sshd listens on, by Port and ListenAddress."""
    words = [
        setting.arguments[0].rpartition(":")[2]
        for setting in settings
        if setting.keyword in ("port", "listenaddress") and setting.arguments
    ]
    return tuple(dict.fromkeys(int(word) for word in words if _PORT.fullmatch(word))) or (_DEFAULT_PORT,)


def _host_addresses(host: Host) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(found.address for found in host.addresses())) or ("",)
    except OSError:
        return ("",)


def _root_groups(host: Host) -> tuple[str, ...]:
    """Return the names of root's groups; ``root`` alone if the account files cannot be read."""
    try:
        primary = {number(entry[3]) for entry in read_entries(host, PASSWD, _GROUP_FIELDS) if entry[0] == ROOT} or {0}
        groups = [
            entry[0]
            for entry in read_entries(host, GROUP, _GROUP_FIELDS)
            if number(entry[2]) in primary or ROOT in entry[3].strip().split(",")
        ]
    except OSError:
        return (ROOT,)
    return tuple(groups) or (ROOT,)
