"""Arguments of xtables extensions (include/uapi/linux/netfilter/xt_*.h), which iptables-nft puts into nftables rules.

An extension's arguments are the C structure of its kernel module, in the byte order of the machine. The common
matches are written as iptables(8) writes them; all others as hexadecimal bytes, so that nothing is left out.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from openinspector.agent.linux.config_file import decode

MAX_BYTES: Final = 512
_PORTS: Final = struct.Struct("=HHHH")
_MULTIPORT: Final = struct.Struct("=BB15H15BB")
_MULTIPORT_PORTS: Final = 15
_CONNTRACK: Final = struct.Struct("=138x8x3H")
"""After addresses and ports: match_flags, invert_flags, state_mask of xt_conntrack_mtinfo3."""
_CONNTRACK_STATE: Final = 0x1
_CONNTRACK_ALIAS: Final = 0x2000
"""Set for ``-m state``, which is an alias of conntrack."""
_UINT: Final = struct.Struct("=I")
_MARK: Final = struct.Struct("=IIB")
_TCP_INVERSIONS_AT, _UDP_INVERSIONS_AT = 11, 8
_TCP_FLAGS_AT: Final = 8
_SIDES: Final[Mapping[int, str]] = {0: "sports", 1: "dports", 2: "ports"}
_STATES: Final = ("INVALID", "ESTABLISHED", "RELATED", "NEW", "", "", "SNAT", "DNAT", "UNTRACKED")
_ANY_PORT: Final = (0, 65535)


def render_arguments(name: str, revision: int, data: bytes) -> str:
    """Return the arguments of a match or target as text; empty if it has none."""
    render = _KNOWN.get((name, revision))
    rendered = None
    if render:
        try:
            rendered = render(data)
        except (struct.error, IndexError):  # shorter than the structure
            rendered = None
    if rendered is not None:
        return rendered
    if len(data) > MAX_BYTES:
        return f"0x{data[:MAX_BYTES].hex()} and {len(data) - MAX_BYTES} bytes more"
    return f"0x{data.hex()}" if data else ""


def _tcp(data: bytes) -> str | None:
    option, mask, compared = data[_TCP_FLAGS_AT], data[_TCP_FLAGS_AT + 1], data[_TCP_FLAGS_AT + 2]
    if option or mask or compared:
        return None
    return _ports(data, data[_TCP_INVERSIONS_AT])


def _udp(data: bytes) -> str | None:
    return _ports(data, data[_UDP_INVERSIONS_AT])


def _ports(data: bytes, inversions: int) -> str:
    source_low, source_high, low, high = _PORTS.unpack_from(data)
    return " ".join(
        (*_port("--sport", (source_low, source_high), inversions & 1), *_port("--dport", (low, high), inversions & 2))
    )


def _port(option: str, ports: tuple[int, int], inverted: int) -> Iterator[str]:
    if ports != _ANY_PORT or inverted:
        low, high = ports
        yield f"{'! ' if inverted else ''}{option} {low}{'' if low == high else f':{high}'}"


def _multiport(data: bytes) -> str | None:
    side, count, *rest = _MULTIPORT.unpack_from(data)
    ports, flags = rest[:_MULTIPORT_PORTS], rest[_MULTIPORT_PORTS : 2 * _MULTIPORT_PORTS]
    if side not in _SIDES or count > _MULTIPORT_PORTS:
        return None
    # A port whose flag is set begins a range that the next one ends.
    listed = "".join(f"{port}{':' if flag else ','}" for port, flag in zip(ports[:count], flags, strict=False))
    return f"{'! ' if rest[-1] else ''}--{_SIDES[side]} {listed.rstrip(',:')}"


def _conntrack(data: bytes) -> str | None:
    flags, inverted, states = _CONNTRACK.unpack_from(data)
    if flags & ~_CONNTRACK_ALIAS != _CONNTRACK_STATE:
        return None
    return f"{'! ' if inverted & _CONNTRACK_STATE else ''}--ctstate {_state_names(states)}"


def _state(data: bytes) -> str:
    return f"--state {_state_names(_UINT.unpack_from(data)[0])}"


def _state_names(mask: int) -> str:
    names = (name or str(at) for at, name in enumerate(_STATES) if mask & 1 << at)
    return ",".join(names)


def _mark(data: bytes) -> str:
    mark, mask, inverted = _MARK.unpack_from(data)
    return f"{'! ' if inverted else ''}--mark 0x{mark:x}/0x{mask:x}"


def _comment(data: bytes) -> str:
    return f'"{decode(data.partition(bytes(1))[0])}"'


_KNOWN: Final[Mapping[tuple[str, int], Callable[[bytes], str | None]]] = {
    ("tcp", 0): _tcp,
    ("udp", 0): _udp,
    ("multiport", 1): _multiport,
    ("conntrack", 3): _conntrack,
    ("state", 0): _state,
    ("mark", 1): _mark,
    ("comment", 0): _comment,
}
