"""nftables as the kernel tells it over netlink (include/uapi/linux/netfilter/nf_tables.h): chains, rules, sets.

A rule is what the kernel does, expression after expression, written as libnftnl writes it for
``nft --debug=netlink list ruleset``. Expressions that are not taken apart here are written by their name alone;
counters always are, since they are no configuration. Numbers in attributes are big-endian.
"""

import struct
from collections.abc import Iterator, Mapping
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
"""nfgenmsg of a question that is not about one family."""
_HEADER_BYTES: Final = 4
_FAMILIES: Final[Mapping[int, str]] = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HOOKS: Final = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
_OTHER_HOOKS: Final[Mapping[str, tuple[str, ...]]] = {"netdev": ("ingress", "egress"), "arp": ("input", "output")}
_POLICIES: Final[Mapping[int, str]] = {0: "drop", 1: "accept"}
_ANONYMOUS: Final = 0x1
_MAX_ELEMENTS: Final = 1000
_TABLE, _SET, _CHAIN_OF_RULE = 1, 2, 2
"""Attributes of chains, rules and sets; the next are each of one of them."""
_CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 3, 4, 5
_HOOK_NUMBER, _HOOK_PRIORITY = 1, 2
_RULE_EXPRESSIONS, _EXPRESSION_NAME, _EXPRESSION_DATA = 4, 1, 2
_SET_FLAGS, _SET_ELEMENTS = 3, 3
_ELEMENT_KEY, _ELEMENT_FLAGS = 1, 3
_ENDS_INTERVAL: Final = 1
_PRIORITY: Final = struct.Struct(">i")

Described = FirewallChain | FirewallRule | FirewallSet
_Attributes = Mapping[int, bytes]


def parse(messages: tuple[tuple[int, bytes], ...]) -> Iterator[Described]:
    """Yield what ``messages`` (type, payload) describe; others are passed over. Raises nothing."""
    elements = _elements(messages)
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
                elements=tuple(elements.get((family, table, name), ())),
            )


def elements_request(kind: int, payload: bytes) -> bytes | None:
    """Return the question for the elements of the set that a message describes; None where it is no anonymous set.

    An anonymous set is part of a rule. A named one is what programs fill while they run: a list of blocked addresses.
    """
    found = dict(attributes(payload[_HEADER_BYTES:]))
    if kind != NEW_SET or not number(found, _SET_FLAGS) & _ANONYMOUS:
        return None
    family = payload[:1] + bytes(3)
    names = (render_attribute(kind, found.get(kind, b"")) for kind in (_TABLE, _SET))
    return family + b"".join(names)


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


def _elements(messages: tuple[tuple[int, bytes], ...]) -> Mapping[tuple[str, str, str], list[str]]:
    """Return (family, table, set) to its elements, an interval's end with ``end`` behind it."""
    sets: dict[tuple[str, str, str], list[str]] = {}
    for kind, payload in messages:
        if kind != NEW_SET_ELEMENTS:
            continue
        found = dict(attributes(payload[_HEADER_BYTES:]))
        elements = sets.setdefault((_family(payload), text(found, _TABLE), text(found, _SET)), [])
        for _, value in attributes(found.get(_SET_ELEMENTS, b"")):
            element = dict(attributes(value))
            words = data_words(dict(attributes(element.get(_ELEMENT_KEY, b""))))
            if len(elements) < _MAX_ELEMENTS:
                elements.append(f"{words} end" if number(element, _ELEMENT_FLAGS) & _ENDS_INTERVAL else words)
    return sets


def _family(payload: bytes) -> str:
    number = payload[0] if payload else 0
    return _FAMILIES.get(number, str(number))
