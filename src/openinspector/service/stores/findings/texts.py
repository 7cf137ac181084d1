"""Texts of findings that lists can be filtered by, and assets: stored once per run as JSON, referred to by number."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, insert, select

from openinspector.model.asset import AssetAttributes
from openinspector.service.stores.columns import to_json
from openinspector.service.stores.finding_schema import TEXT
from openinspector.service.stores.query import in_batches

_DIGEST_BYTES: Final = 16


class TextWriter:
    """Encodes the texts of one batch of findings; repeated texts are encoded once."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}
        self._assets: dict[int, tuple[AssetAttributes, str]] = {}

    def word(self, text: str) -> str:
        """Return the stored form of a text that filters search."""
        body = self._bodies.get(text)
        if body is None:
            body = self._bodies[text] = to_json(text)
        return body

    def asset(self, asset: AssetAttributes) -> str:
        """Return the stored form of an asset; all findings of a host share one object."""
        known = self._assets.get(id(asset))
        if known is None:
            known = self._assets[id(asset)] = (asset, to_json(asset))
        return known[1]


def digest(body: str) -> bytes:
    """Return the key of a stored text: SHA-256, cut to 16 bytes."""
    return hashlib.sha256(body.encode()).digest()[:_DIGEST_BYTES]


def pack(numbers: Iterable[int]) -> str:
    """Return numbers as one text, each between spaces: `` 12 57 ``."""
    return " ".join(("", *map(str, numbers), ""))


def unpack(packed: str) -> list[int]:
    """Return the numbers in a packed text."""
    return [int(number) for number in packed.split()]


def intern_texts(connection: Connection, result_id: int, bodies: Collection[str]) -> Mapping[str, int]:
    """Return the number of each text; add new texts. The caller has locked the result."""
    by_digest = {digest(body): body for body in bodies}
    numbers: dict[str, int] = {}
    for wanted in in_batches(tuple(by_digest)):
        known = select(TEXT.c.id, TEXT.c.digest).where(TEXT.c.result_id == result_id, TEXT.c.digest.in_(wanted))
        numbers |= {by_digest[bytes(key)]: number for number, key in connection.execute(known)}
    rows = [
        {"result_id": result_id, "digest": key, "body": body} for key, body in by_digest.items() if body not in numbers
    ]
    if rows:
        added = connection.execute(insert(TEXT).returning(TEXT.c.id, TEXT.c.body), rows)
        numbers |= {body: number for number, body in added}
    return numbers


def read_texts(connection: Connection, numbers: Collection[int]) -> Mapping[int, str]:
    """Return texts by number."""
    found: dict[int, str] = {}
    for wanted in in_batches(tuple(numbers)):
        query = select(TEXT.c.id, TEXT.c.body).where(TEXT.c.id.in_(wanted))
        found.update((row.id, row.body) for row in connection.execute(query))
    return found
