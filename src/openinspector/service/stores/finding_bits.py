"""Which findings of a block have a value, as bits: how every filter of findings is answered (ADR 48).

A run's findings are kept in blocks of up to `BLOCK`, in the order of lists. A finding's ``spot`` is its block's number
times `BLOCK` plus its place in the block. For each value that a finding of the block has and lists can be filtered by,
one row has a bit for every place. Filters are then ANDs and ORs of whole numbers, whatever they match.
"""

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, select

from openinspector.service.stores.dialect import insert_many_new, upsert
from openinspector.service.stores.finding_text import unpack
from openinspector.service.stores.schema import FINDING, FINDING_BITS

BLOCK: Final = 8192
"""Findings of a block, at most. A constant of the stored format."""

Condition = Callable[[Sequence[int] | ColumnElement[int]], Select[Any]]
"""Makes a query for the bits, in these blocks, of the values of which one is enough."""

_SPARSE: Final = b"\x00"
"""Then places, two bytes each."""
_DENSE: Final = b"\x01"
"""Then a whole number, little-endian."""
_PLACE_BYTES: Final = 2
_BYTE: Final = 8


class BitsKind(IntEnum):
    """What a value is to a finding. A text may be an agent's id and a rule's name at once."""

    SEVERITY = 0
    RULES_PACKAGE = 1
    RULE = 2
    AGENT = 3
    AUTO_SCALING_GROUP = 4
    ATTRIBUTE = 5
    USER_ATTRIBUTE = 6


_COLUMNS: Final = (
    *((FINDING.columns.keys().index(kind.name.lower()), kind) for kind in tuple(BitsKind)[: BitsKind.ATTRIBUTE]),
)
_ATTRIBUTES: Final = FINDING.columns.keys().index("attributes")
_USER_ATTRIBUTES: Final = FINDING.columns.keys().index("user_attributes")


def add_bits(connection: Connection, block: int, rows: Sequence[Sequence[Any]]) -> None:
    """Store the bits of a block whose findings' rows, in the table's order, stand at places 0, 1, …."""
    places: dict[tuple[BitsKind, int], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for value in _values(row):
            places[value].append(place)
    stored = sorted((block, int(kind), value, encode(found)) for (kind, value), found in places.items())
    insert_many_new(connection, FINDING_BITS, ("block", "kind", "value"), stored)


def move_user_attributes(connection: Connection, spot: int, old: Iterable[int], new: Iterable[int]) -> None:
    """Note that the finding at a spot has other user attributes; numbers of texts. The caller holds the result."""
    block, place = divmod(spot, BLOCK)
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
    """Return the bits of the findings that meet every condition, by block; blocks without any are left out.

    A condition makes a query for the bits, in given blocks, of the values of which one is enough.
    """
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
    """Return bits as they are stored, in the shorter of two ways; ``places`` in order, at least one."""
    if len(places) * _PLACE_BYTES * _BYTE <= places[-1]:
        return _SPARSE + struct.pack(f"<{len(places)}H", *places)
    bits = _number(places)
    return _DENSE + bits.to_bytes((bits.bit_length() + _BYTE - 1) // _BYTE, "little")


def decode(stored: bytes) -> int:
    """Return the whole number whose bits were stored."""
    if stored[:1] == _DENSE:
        return int.from_bytes(stored[1:], "little")
    return _number(struct.unpack(f"<{len(stored) // _PLACE_BYTES}H", stored[1:]))


def places_of(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, the lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _values(row: Sequence[Any]) -> Iterator[tuple[BitsKind, int]]:
    """Yield the values of a finding; each once, though attributes may repeat."""
    for column, kind in _COLUMNS:
        if row[column] is not None:
            yield kind, row[column]
    for number in set(unpack(row[_ATTRIBUTES])):
        yield BitsKind.ATTRIBUTE, number
    for number in set(unpack(row[_USER_ATTRIBUTES])):
        yield BitsKind.USER_ATTRIBUTE, number


def _number(places: Sequence[int]) -> int:
    """Return the whole number with these bits; ``places`` in order."""
    dense = bytearray(places[-1] // _BYTE + 1)
    for place in places:
        dense[place // _BYTE] |= 1 << place % _BYTE
    return int.from_bytes(dense, "little")
