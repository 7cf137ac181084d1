"""Expressions of nftables rules as text, as libnftnl writes them (``nft --debug=netlink``)."""

import struct
from collections.abc import Callable, Mapping
from typing import Final

from openinspector.agent.linux.config_file import decode
from openinspector.agent.linux.netlink_attribute import aligned, attributes
from openinspector.agent.linux.xtables import render_arguments

_Attributes = Mapping[int, bytes]
_DATA_VALUE, _DATA_VERDICT = 1, 2
_VERDICT_CODE, _VERDICT_CHAIN = 1, 2
_META_TO, _META_KEY, _META_FROM = 1, 2, 3
_CT_TO, _CT_KEY, _CT_DIRECTION, _CT_FROM = 1, 2, 3, 4
_CMP_FROM, _CMP_HOW, _CMP_DATA = 1, 2, 3
_BITWISE_FROM, _BITWISE_TO, _BITWISE_MASK, _BITWISE_XOR, _BITWISE_HOW = 1, 2, 4, 5, 6
_PAYLOAD_TO, _PAYLOAD_BASE, _PAYLOAD_OFFSET, _PAYLOAD_LENGTH, _PAYLOAD_FROM = 1, 2, 3, 4, 5
_LOOKUP_SET, _LOOKUP_FROM, _LOOKUP_TO, _LOOKUP_FLAGS = 1, 2, 3, 5
_IMMEDIATE_TO, _IMMEDIATE_DATA = 1, 2
_REJECT_TYPE, _REJECT_CODE = 1, 2
_EXTENSION_NAME, _EXTENSION_REVISION, _EXTENSION_ARGUMENTS = 1, 2, 3
_META: Final[Mapping[int, str]] = {
    0: "len",
    1: "protocol",
    2: "priority",
    3: "mark",
    4: "iif",
    5: "oif",
    6: "iifname",
    7: "oifname",
    8: "iiftype",
    9: "oiftype",
    10: "skuid",
    11: "skgid",
    12: "nftrace",
    15: "nfproto",
    16: "l4proto",
    17: "bri_iifname",
    18: "bri_oifname",
    19: "pkttype",
    20: "cpu",
    21: "iifgroup",
    22: "oifgroup",
    23: "cgroup",
}
_CT: Final[Mapping[int, str]] = {
    0: "state",
    1: "direction",
    2: "status",
    3: "mark",
    5: "expiration",
    6: "helper",
    7: "l3protocol",
    8: "src",
    9: "dst",
    10: "protocol",
    11: "proto_src",
    12: "proto_dst",
}
_MAX_DATA_BYTES: Final = 64
_COMPARISONS: Final[Mapping[int, str]] = {0: "eq", 1: "neq", 2: "lt", 3: "lte", 4: "gt", 5: "gte"}
_BASES: Final[Mapping[int, str]] = {0: "link", 1: "network", 2: "transport", 3: "inner"}
_VERDICTS: Final[Mapping[int, str]] = {
    0: "drop",
    1: "accept",
    2: "stolen",
    3: "queue",
    4: "repeat",
    5: "stop",
    -1: "continue",
    -2: "break",
    -3: "jump",
    -4: "goto",
    -5: "return",
}


def render_expression(name: str, found: _Attributes) -> str:
    """Return the text of an expression, or only its name if the expression is unknown here."""
    render = _KNOWN.get(name)
    return render(found) if render else name


def data_words(data: _Attributes) -> str:
    """Return data as the 32-bit words of a register, or as a verdict."""
    if _DATA_VERDICT in data:
        return _verdict(dict(attributes(data[_DATA_VERDICT])))
    value = data.get(_DATA_VALUE, b"")[:_MAX_DATA_BYTES]
    padded = value.ljust(aligned(len(value)), b"\0")
    return " ".join(f"0x{word:08x}" for (word,) in struct.iter_unpack("=I", padded))


def text(found: _Attributes, kind: int) -> str:
    """Return an attribute of NUL-terminated text; empty if it is missing."""
    return decode(found.get(kind, b"").partition(b"\0")[0])


def number(found: _Attributes, kind: int) -> int:
    """Return an attribute that is a number of up to 64 bits; 0 if it is missing."""
    return int.from_bytes(found.get(kind, b"")[:8], "big")


def _verdict(found: _Attributes) -> str:
    code = int.from_bytes(found.get(_VERDICT_CODE, b"")[:4], "big", signed=True)
    chain = text(found, _VERDICT_CHAIN)
    return f"{_VERDICTS.get(code, code)}{f' -> {chain}' if chain else ''}"


def _meta(found: _Attributes) -> str:
    key = _word(_META, number(found, _META_KEY))
    if _META_FROM in found:
        return f"meta set {key} with reg {number(found, _META_FROM)}"
    return f"meta load {key} => reg {number(found, _META_TO)}"


def _ct(found: _Attributes) -> str:
    key = _word(_CT, number(found, _CT_KEY))
    if _CT_FROM in found:
        return f"ct set {key} with reg {number(found, _CT_FROM)}"
    direction = ""
    if _CT_DIRECTION in found:
        direction = " , dir reply" if number(found, _CT_DIRECTION) else " , dir original"
    return f"ct load {key} => reg {number(found, _CT_TO)}{direction}"


def _cmp(found: _Attributes) -> str:
    how = _word(_COMPARISONS, number(found, _CMP_HOW))
    return f"cmp {how} reg {number(found, _CMP_FROM)} {_data(found, _CMP_DATA)}"


def _bitwise(found: _Attributes) -> str:
    if number(found, _BITWISE_HOW):
        return "bitwise shift"
    masked = f"( reg {number(found, _BITWISE_FROM)} & {_data(found, _BITWISE_MASK)} )"
    return f"bitwise reg {number(found, _BITWISE_TO)} = {masked} ^ {_data(found, _BITWISE_XOR)}"


def _payload(found: _Attributes) -> str:
    base = _word(_BASES, number(found, _PAYLOAD_BASE))
    place = f"{number(found, _PAYLOAD_LENGTH)}b @ {base} header + {number(found, _PAYLOAD_OFFSET)}"
    if _PAYLOAD_FROM in found:
        return f"payload write reg {number(found, _PAYLOAD_FROM)} => {place}"
    return f"payload load {place} => reg {number(found, _PAYLOAD_TO)}"


def _lookup(found: _Attributes) -> str:
    target = f" dreg {number(found, _LOOKUP_TO)}" if _LOOKUP_TO in found else ""
    searched = f"reg {number(found, _LOOKUP_FROM)} set {text(found, _LOOKUP_SET)}"
    return f"lookup {searched}{target} 0x{number(found, _LOOKUP_FLAGS):x}"


def _immediate(found: _Attributes) -> str:
    return f"immediate reg {number(found, _IMMEDIATE_TO)} {_data(found, _IMMEDIATE_DATA)}"


def _reject(found: _Attributes) -> str:
    return f"reject type {number(found, _REJECT_TYPE)} code {number(found, _REJECT_CODE)}"


def _extension(kind: str) -> Callable[[_Attributes], str]:
    """Return the renderer of a match or target of iptables-nft; unlike nft, it adds the arguments."""

    def render(found: _Attributes) -> str:
        name, revision = text(found, _EXTENSION_NAME), number(found, _EXTENSION_REVISION)
        arguments = render_arguments(name, revision, found.get(_EXTENSION_ARGUMENTS, b""))
        return f"{kind} name {name} rev {revision}{arguments and f' {arguments}'}"

    return render


_KNOWN: Final[Mapping[str, Callable[[_Attributes], str]]] = {
    "meta": _meta,
    "ct": _ct,
    "cmp": _cmp,
    "bitwise": _bitwise,
    "payload": _payload,
    "lookup": _lookup,
    "immediate": _immediate,
    "reject": _reject,
    "match": _extension("match"),
    "target": _extension("target"),
}


def _word(words: Mapping[int, str], number: int) -> str:
    return words.get(number, str(number))


def _data(found: _Attributes, kind: int) -> str:
    return data_words(dict(attributes(found.get(kind, b""))))
