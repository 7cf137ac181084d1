"""dpkg's order: ``[epoch:]upstream[-revision]``, as deb-version(7) and dpkg's ``verrevcmp`` define it.

Each part consists of alternating runs of non-digits and digits. Non-digits compare character by character: ``~`` before
the end, the end before letters, letters before everything else; digits compare as numbers. The key encodes each run:

- non-digits, mapped so that their bytes sort in that order, then ``_END``;
- the number (`number_key`);
- after the last pair ``_END`` once more, at the position of the next character of a longer version.

An absent epoch or revision is zero, so ``1`` = ``0:1`` = ``1-0``.
"""

import re
from typing import Final

from openinspector.version import VersionScheme, number_key

_END: Final = b"\x02"
_DIGITS: Final = frozenset(b"0123456789")
_LETTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_PAIRS: Final = re.compile(rb"(\D*)(\d*)")
_EPOCH: Final = re.compile(rb"[+]?([0-9]+)|-(0+)")
"""dpkg parses the epoch with strtol(3), which accepts signs, and refuses only negative ones."""
_VALID: Final = re.compile(
    r"(?:(?:[+]?[0-9]+|-0+):(?=[0-9])[A-Za-z0-9.+~:-]*?|(?=[0-9])[A-Za-z0-9.+~-]*?)(?:-[A-Za-z0-9.+~]+)?"
)
_MAX_EPOCH: Final = 2**31 - 1


def _order() -> bytes:
    ranks = [b"~", bytes(sorted(_LETTERS)), bytes(c for c in range(256) if c not in _LETTERS | _DIGITS | {ord("~")})]
    table = bytearray(256)
    table[ord("~")] = _END[0] - 1
    for rank, character in enumerate(b"".join(ranks[1:])):
        table[character] = _END[0] + 1 + rank
    return bytes(table)


_ORDER: Final = _order()


def key(text: str) -> bytes:
    """Return the sort key of any text; invalid versions are parsed as far as possible."""
    raw = text.encode("utf-8", "surrogatepass").strip()
    written, colon, rest = raw.partition(b":")
    read = _EPOCH.fullmatch(written) if colon else None
    epoch = (read[1] or read[2]) if read else b""
    if read is None:
        rest = raw
    upstream, dash, revision = rest.rpartition(b"-")
    if not dash:
        upstream, revision = rest, b""
    return number_key(epoch) + _part_key(upstream) + _part_key(revision)


def is_valid(text: str) -> bool:
    """Return True if dpkg accepts ``text`` without a warning."""
    if _VALID.fullmatch(text) is None or text.endswith("-"):
        return False
    epoch, colon, _ = text.partition(":")
    return not colon or int(epoch[-20:]) <= _MAX_EPOCH


def _part_key(part: bytes) -> bytes:
    pairs = _PAIRS.findall(part)
    if len(pairs) > 1 and pairs[-1] == (b"", b""):  # the empty match at the end of the text
        pairs.pop()
    pieces: list[bytes] = []
    for letters, digits in pairs:
        pieces += (letters.translate(_ORDER), _END, number_key(digits))
    pieces.append(_END)
    return b"".join(pieces)


SCHEME: Final = VersionScheme(name="dpkg", key=key, is_valid=is_valid)
