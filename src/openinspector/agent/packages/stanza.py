"""Stanzas of a package database, which empty lines separate, found without copying the file."""

import re
from collections.abc import Iterator
from typing import Final

MAX_BROKEN: Final = 10_000
"""Limit on invalid stanzas; a file with more is not a database and is not read further."""
_GAP: Final = re.compile(rb"\n\n+")
_WORD: Final = re.compile(rb"\S")


def stanzas(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each stanza of ``data``; the first and the last may be empty."""
    start = 0
    for gap in _GAP.finditer(data):
        yield start, gap.start()
        start = gap.end()
    yield start, len(data)


def has_words(data: bytes, start: int, end: int) -> bool:
    """Return True if the range holds anything but white space."""
    return _WORD.search(data, start, end) is not None
