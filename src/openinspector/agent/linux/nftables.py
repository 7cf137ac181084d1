"""Chains, rules and sets of nftables as the kernel sends them over netlink (linux/netfilter/nf_tables.h).

A rule is a sequence of expressions, written as libnftnl writes them for ``nft --debug=netlink list ruleset``.
Expressions that are not decoded here are written by their name alone. So are counters, which are not configuration.
Numbers in attributes are big-endian.
"""

import struct
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from openinspector.agent.linux.netlink_attribute import attributes, render_attribute
from openinspector.agent.linux.nftables_expression import data_words, number, render_expression, text
from openinspector.model.configuration import FirewallAuthority, FirewallChain, FirewallRule, FirewallSet

_SUBSYSTEM: Final = 10 << 8
NEW_CHAIN: Final = _SUBSYSTEM | 3
GET_CHAIN: Final = _SUBSYSTEM | 4
NEW_RULE: Final = _SUBSYSTEM | 6
GET_RULE: Final = _SUBSYSTEM | 7
NEW_SET: Final = _SUBSYSTEM | 9
GET_SET: Final = _SUBSYSTEM | 10
NEW_SET_ELEMENTS: Final = _SUBSYSTEM | 12
GET_SET_ELEMENTS: Final = _SUBSYSTEM | 13
EVERYTHING: Final = bytes(4)
"""The nfgenmsg header of a request for all families."""
_HEADER_BYTES: Final = 4
_FAMILIES: Final[Mapping[int, str]] = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HOOKS: Final = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
_OTHER_HOOKS: Final[Mapping[str, tuple[str, ...]]] = {"netdev": ("ingress", "egress"), "arp": ("input", "output")}
_POLICIES: Final[Mapping[int, str]] = {0: "drop", 1: "accept"}
_MAP: Final = 0x8
MAX_ELEMENTS: Final = 1000
"""Elements of one set that are read and sent: a list of blocked addresses may have millions."""
ELEMENTS_NOT_READ: Final = -1
"""Type of the message that stands for the elements of a set that could not be read; its payload is the request."""
_TABLE, _SET, _CHAIN_OF_RULE = 1, 2, 2
"""Attributes that chains, rules and sets share; each of the following belongs to one of them."""
_CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 3, 4, 5
_HOOK_NUMBER, _HOOK_PRIORITY = 1, 2
_RULE_EXPRESSIONS, _EXPRESSION_NAME, _EXPRESSION_DATA = 4, 1, 2
_SET_FLAGS, _SET_ELEMENTS = 3, 3
_ELEMENT_KEY, _ELEMENT_DATA, _ELEMENT_FLAGS, _ELEMENT_KEY_END = 1, 2, 3, 10
_ENDS_INTERVAL, _CATCHES_ALL = 1, 2
_PRIORITY: Final = struct.Struct(">i")

Described = FirewallChain | FirewallRule | FirewallSet
_Attributes = Mapping[int, bytes]
_SetName = tuple[str, str, str]
"""Family, table and name."""


def parse(messages: tuple[tuple[int, bytes], ...]) -> Iterator[Described]:
    """Yield the objects that ``messages`` (type, payload) describe, and skip other messages. Raises nothing."""
    elements, cut = _elements(messages)
    for kind, payload in messages:
        found, family = dict(attributes(payload[_HEADER_BYTES:])), _family(payload)
        if kind == NEW_CHAIN:
            yield _chain(family, found)
        elif kind == NEW_RULE:
            yield _rule(family, found)
        elif kind == NEW_SET:
            table, name = text(found, _TABLE), text(found, _SET)
            yield FirewallSet(
                authority=FirewallAuthority.KERNEL,
                family=family,
                table=table,
                name=name,
                is_map=bool(number(found, _SET_FLAGS) & _MAP),
                elements=tuple(elements.get((family, table, name), ())),
                is_complete=(family, table, name) not in cut,
            )


def elements_request(kind: int, payload: bytes) -> bytes | None:
    """Return the request for the elements of the set or map that a message describes, or None for other messages."""
    if kind != NEW_SET:
        return None
    found = dict(attributes(payload[_HEADER_BYTES:]))
    family = payload[:1] + bytes(3)
    names = (render_attribute(kind, found.get(kind, b"")) for kind in (_TABLE, _SET))
    return family + b"".join(names)


def element_count(payload: bytes) -> int:
    """Return the number of elements in one message of elements."""
    found = dict(attributes(payload[_HEADER_BYTES:]))
    return sum(1 for _ in attributes(found.get(_SET_ELEMENTS, b"")))


def _chain(family: str, found: _Attributes) -> FirewallChain:
    hook = dict(attributes(found.get(_CHAIN_HOOK, b"")))
    hooks = _OTHER_HOOKS.get(family, _HOOKS)
    at, priority = number(hook, _HOOK_NUMBER), hook.get(_HOOK_PRIORITY, b"")
    return FirewallChain(
        authority=FirewallAuthority.KERNEL,
        family=family,
        table=text(found, _TABLE),
        name=text(found, _CHAIN_NAME),
        hook=(hooks[at] if at < len(hooks) else str(at)) if hook else "",
        priority=_PRIORITY.unpack(priority)[0] if len(priority) == _PRIORITY.size else None,
        policy=_POLICIES.get(number(found, _CHAIN_POLICY), "") if _CHAIN_POLICY in found else "",
    )


def _rule(family: str, found: _Attributes) -> FirewallRule:
    expressions = (dict(attributes(value)) for _, value in attributes(found.get(_RULE_EXPRESSIONS, b"")))
    return FirewallRule(
        authority=FirewallAuthority.KERNEL,
        family=family,
        table=text(found, _TABLE),
        chain=text(found, _CHAIN_OF_RULE),
        expressions=tuple(
            render_expression(
                text(expression, _EXPRESSION_NAME), dict(attributes(expression.get(_EXPRESSION_DATA, b"")))
            )
            for expression in expressions
        ),
    )


def _elements(
    messages: tuple[tuple[int, bytes], ...],
) -> tuple[Mapping[_SetName, list[str]], Collection[_SetName]]:
    """Return the elements of each set, and the sets that have more or whose elements were not read."""
    sets: dict[_SetName, list[str]] = {}
    cut: set[_SetName] = set()
    for kind, payload in messages:
        if kind not in (NEW_SET_ELEMENTS, ELEMENTS_NOT_READ):
            continue
        found = dict(attributes(payload[_HEADER_BYTES:]))
        name = (_family(payload), text(found, _TABLE), text(found, _SET))
        if kind == ELEMENTS_NOT_READ:
            cut.add(name)
            continue
        elements = sets.setdefault(name, [])
        for _, value in attributes(found.get(_SET_ELEMENTS, b"")):
            if len(elements) >= MAX_ELEMENTS:
                cut.add(name)
                break
            elements.append(_element(dict(attributes(value))))
    return sets, cut


def _element(element: _Attributes) -> str:
    """Return ``key``, ``key - end`` or ``*``; then ``end`` if an interval ends before it, and ``: data`` of a map."""
    flags = number(element, _ELEMENT_FLAGS)
    words = "*" if flags & _CATCHES_ALL else _data(element, _ELEMENT_KEY)
    if _ELEMENT_KEY_END in element:
        words += f" - {_data(element, _ELEMENT_KEY_END)}"
    if flags & _ENDS_INTERVAL:
        words += " end"
    return f"{words} : {_data(element, _ELEMENT_DATA)}" if _ELEMENT_DATA in element else words


def _data(element: _Attributes, kind: int) -> str:
    return data_words(dict(attributes(element[kind]))) if kind in element else ""


def _family(payload: bytes) -> str:
    number = payload[0] if payload else 0
    return _FAMILIES.get(number, str(number))
