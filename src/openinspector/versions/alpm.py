"""pacman's order: ``[epoch:]version[-release]``, as libalpm's ``rpmvercmp`` and ``alpm_pkg_vercmp`` define it.

A version is runs of ASCII letters and runs of digits; everything else is a separator, and the length of a separator
matters. The text after a run decides, in this order: letters without a separator (``1.0rc``), nothing, digits without a
separator, then the shorter separator, and after equal separators letters before digits. Letters compare as text, digits
as numbers.

libalpm itself is inconsistent in two cases, and this order differs from it there: an absent release sorts before every
release (``1.0`` < ``1.0-1``; in libalpm it equals any), and trailing separators are ignored (libalpm has ``1.1`` <
``1..a`` < ``1.`` < ``1.1``).
"""

import re
from typing import Final

from openinspector.version import VersionScheme, number_key

_LETTERS_AT_ONCE: Final = b"\x01"
_END: Final = b"\x02"
_DIGITS_AT_ONCE: Final = b"\x03"
_SEPARATOR: Final = b"\x04"
_LETTERS: Final = b"\x01"
_DIGITS: Final = b"\x02"

_RUNS: Final = re.compile(rb"([^0-9A-Za-z]*)(?:([0-9]+)|([A-Za-z]+))")
_EPOCH: Final = re.compile(rb"([0-9]*):(.*)", re.DOTALL)
_VALID: Final = re.compile(r"(?:[0-9]+:)?[!-,.0-9;-~]+(?:-[0-9]+(?:\.[0-9]+)?)?")
"""PKGBUILD(5): a version has no blank, colon, slash or hyphen; a release is a number with at most one point."""


def key(text: str) -> bytes:
    """Return the sort key of any text."""
    raw = text.encode("utf-8", "surrogatepass")
    found = _EPOCH.fullmatch(raw)
    epoch, rest = found.groups() if found else (b"", raw)
    version, dash, release = rest.rpartition(b"-")
    if not dash:
        return number_key(epoch) + _part_key(rest) + b"\x00"
    return number_key(epoch) + _part_key(version) + b"\x01" + _part_key(release)


def is_valid(text: str) -> bool:
    """Return True if makepkg accepts ``text`` as a version."""
    return _VALID.fullmatch(text) is not None


def _part_key(part: bytes) -> bytes:
    pieces: list[bytes] = []
    for separator, digits, letters in _RUNS.findall(part):
        if separator:
            pieces += (_SEPARATOR, number_key(b"%d" % len(separator)), _DIGITS if digits else _LETTERS)
        else:
            pieces.append(_DIGITS_AT_ONCE if digits else _LETTERS_AT_ONCE)
        pieces.append(number_key(digits) if digits else letters + b"\x00")
    pieces.append(_END)
    return b"".join(pieces)


SCHEME: Final = VersionScheme(name="alpm", key=key, is_valid=is_valid)
