"""Store and match, for each block and value, one bit per finding: set if the finding has the value."""

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, select

from openinspector.service.stores.dialect import insert_many_new, upsert
from openinspector.service.stores.finding_schema import FINDING_BITS
from openinspector.service.stores.findings.bodies import BodyKeys
from openinspector.service.stores.findings.rows import FindingRow
from openinspector.service.stores.findings.texts import unpack

BLOCK: Final = 8192
"""Maximum number of findings in a block. Part of the stored format."""

Condition = Callable[[Sequence[int] | ColumnElement[int]], Select[Any]]
"""Returns a query for the bits, in given blocks, of alternative values."""

_SPARSE: Final = b"\x00"
"""Followed by places, two bytes each, little-endian."""
_DENSE: Final = b"\x01"
"""Followed by the bits as an integer, little-endian."""
_PLACE_BYTES: Final = 2
_BYTE: Final = 8


class BitsKind(IntEnum):
    """The field that a value belongs to: one text may be an agent's id and a rule's name. Part of the stored format."""

    SEVERITY = 0
    RULES_PACKAGE = 1
    RULE = 2
    AGENT = 3
    AUTO_SCALING_GROUP = 4
    ATTRIBUTE = 5
    USER_ATTRIBUTE = 6


def add_bits(connection: Connection, block: int, rows: Sequence[FindingRow], keys: Mapping[int, BodyKeys]) -> None:
    """Store the bits of a block whose findings are ``rows``, at places 0, 1, …; ``keys`` are those of their bodies."""
    places: dict[tuple[BitsKind, int], list[int]] = defaultdict(list)
    by_body: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_body[row.body].append(place)
        for value in _values(row):
            places[value].append(place)
    for body, found in by_body.items():
        for value in _body_values(keys[body]):
            places[value] += found
    stored = sorted((block, int(kind), value, encode(sorted(set(here)))) for (kind, value), here in places.items())
    insert_many_new(connection, FINDING_BITS, ("block", "kind", "value"), stored)


def move_user_attributes(connection: Connection, position: int, old: Iterable[int], new: Iterable[int]) -> None:
    """Replace the user attributes of one finding, as numbers of texts. The caller has locked the result."""
    block, place = divmod(position, BLOCK)
    before, after = set(old), set(new)
    for value in sorted(before ^ after):
        key = {"kind": BitsKind.USER_ATTRIBUTE, "value": value, "block": block}
        here = [FINDING_BITS.c[name] == part for name, part in key.items()]
        stored = connection.scalar(select(FINDING_BITS.c.bits).where(*here))
        bits = (decode(stored) if stored is not None else 0) ^ 1 << place
        if bits:
            connection.execute(upsert(connection, FINDING_BITS, {**key, "bits": encode(list(places_of(bits)))}))
        else:
            connection.execute(delete(FINDING_BITS).where(*here))


def matching(connection: Connection, blocks: Sequence[Row[Any]], conditions: Sequence[Condition]) -> Mapping[int, int]:
    """Return the bits of the findings that meet every condition, by block; omit blocks without any."""
    found = {block.id: (1 << block.size) - 1 for block in blocks}
    for condition in conditions:
        either: dict[int, int] = defaultdict(int)
        for row in connection.execute(condition(list(found))):
            either[row.block] |= decode(row.bits)
        found = {block: bits & either[block] for block, bits in found.items() if bits & either[block]}
        if not found:
            break
    return found


def encode(places: Sequence[int]) -> bytes:
    """Encode set bits in the shorter of two forms; ``places`` are sorted and not empty."""
    if len(places) * _PLACE_BYTES * _BYTE <= places[-1]:
        return _SPARSE + struct.pack(f"<{len(places)}H", *places)
    bits = _number(places)
    return _DENSE + bits.to_bytes((bits.bit_length() + _BYTE - 1) // _BYTE, "little")


def decode(stored: bytes) -> int:
    """Return the stored bits as an integer."""
    if stored[:1] == _DENSE:
        return int.from_bytes(stored[1:], "little")
    return _number(struct.unpack(f"<{len(stored) // _PLACE_BYTES}H", stored[1:]))


def places_of(bits: int) -> Iterator[int]:
    """Yield the places of the set bits, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _values(row: FindingRow) -> Iterator[tuple[BitsKind, int]]:
    """Yield the values of a finding's host, each once: attributes may repeat."""
    yield BitsKind.AGENT, row.agent
    if row.auto_scaling_group is not None:
        yield BitsKind.AUTO_SCALING_GROUP, row.auto_scaling_group
    for number in set(unpack(row.attributes)):
        yield BitsKind.ATTRIBUTE, number
    for number in set(unpack(row.user_attributes)):
        yield BitsKind.USER_ATTRIBUTE, number


def _body_values(keys: BodyKeys) -> Iterator[tuple[BitsKind, int]]:
    """Yield the values of a body, each once."""
    yield BitsKind.SEVERITY, keys.severity
    yield BitsKind.RULES_PACKAGE, keys.rules_package
    yield BitsKind.RULE, keys.rule
    for number in set(keys.attributes):
        yield BitsKind.ATTRIBUTE, number


def _number(places: Sequence[int]) -> int:
    """Return the integer with these bits set; ``places`` are sorted."""
    dense = bytearray(places[-1] // _BYTE + 1)
    for place in places:
        dense[place // _BYTE] |= 1 << place % _BYTE
    return int.from_bytes(dense, "little")
