"""Stanzas of a package database: runs of lines with empty lines between them, found without a copy of the file."""

import re
from collections.abc import Iterator
from typing import Final

MAX_BROKEN: Final = 10_000
"""Stanzas that are not understood; a file that has more is no database and is not read on."""
_GAP: Final = re.compile(rb"\n\n+")
_WORD: Final = re.compile(rb"\S")


def stanzas(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each stanza of ``data`` begins and ends; the first and the last may be empty."""
    start = 0
    for gap in _GAP.finditer(data):
        yield start, gap.start()
        start = gap.end()
    yield start, len(data)


def has_words(data: bytes, start: int, end: int) -> bool:
    """Say whether anything but white space stands there."""
    return _WORD.search(data, start, end) is not None
