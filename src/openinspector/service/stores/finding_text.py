"""The texts of findings, each kept once a run.

Thousands of findings of a run share a description, a recommendation, an attribute; hundreds share a title but for the
host's name in it. So texts are kept as JSON, with one raw control character (which JSON never contains) standing for
the agent's id, and findings keep their numbers.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, insert, select

from openinspector.model.asset import AssetAttributes
from openinspector.service.stores.columns import to_json
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import TEXT

_AGENT: Final = "\x01"
_DIGEST_BYTES: Final = 16
_DECODE_PROSE: Final = msgspec.json.Decoder(str)


class Wording:
    """Writes the texts of one batch of findings; what repeats is written once."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._assets: dict[int, tuple[AssetAttributes, str]] = {}

    def word(self, text: str) -> str:
        """Return what a text is kept and searched as."""
        body = self._words.get(text)
        if body is None:
            body = self._words[text] = to_json(text)
        return body

    def prose(self, text: str, agent_id: str) -> str:
        """Return what a text that may name its host is kept as."""
        return to_json(text).replace(agent_id, _AGENT) if agent_id in text else self.word(text)

    def asset(self, asset: AssetAttributes) -> str:
        """Return what a host's description is kept as; all findings of a host share one object."""
        known = self._assets.get(id(asset))
        if known is None:
            known = self._assets[id(asset)] = (asset, to_json(asset))
        return known[1]


def read_prose(body: str, agent_id: str) -> str:
    """Return the text that `Wording.prose` made ``body`` of."""
    return _DECODE_PROSE.decode(body.replace(_AGENT, agent_id))


def digest(body: str) -> bytes:
    """Return what a text is found by: SHA-256, cut to 16 bytes."""
    return hashlib.sha256(body.encode()).digest()[:_DIGEST_BYTES]


def pack(numbers: Iterable[int]) -> str:
    """Return numbers of texts as one text in which each can be searched: `` 12 57 ``."""
    return " ".join(("", *map(str, numbers), ""))


def unpack(packed: str) -> list[int]:
    """Return the numbers that `pack` packed."""
    return [int(number) for number in packed.split()]


def intern_texts(connection: Connection, result_id: int, bodies: Collection[str]) -> Mapping[str, int]:
    """Return the number of each text, adding those that are new. The caller holds the result's row."""
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


def texts(connection: Connection, numbers: Collection[int]) -> Mapping[int, str]:
    """Return texts by number."""
    found: dict[int, str] = {}
    for wanted in in_batches(tuple(numbers)):
        query = select(TEXT.c.id, TEXT.c.body).where(TEXT.c.id.in_(wanted))
        found.update((row.id, row.body) for row in connection.execute(query))
    return found
