"""rpm's order: ``[epoch:]version[-release]``, as rpm's ``rpmvercmp`` and ``rpmverCmp`` define it.

A version is runs of ASCII letters, runs of digits, ``~`` and ``^``; everything else is a separator. The next part
decides, in this order: ``~``, nothing, ``^``, letters, digits. Letters compare as text, digits as numbers.

An absent release sorts before every release (``rpmverCmp``), so that the order is total:
``1.0`` < ``1.0-1``. This is not rpm's dependency matching, where an absent release equals any.
"""

import re
from typing import Final

from openinspector.version import VersionScheme, number_key

_TILDE: Final = b"\x01"
_END: Final = b"\x02"
_CARET: Final = b"\x03"
_LETTERS: Final = b"\x04"
_DIGITS: Final = b"\x05"
_MARKS: Final = {b"~": _TILDE, b"^": _CARET}

_RUNS: Final = re.compile(rb"[0-9]+|[A-Za-z]+|~|\^")
_EVR: Final = re.compile(rb"(?:([0-9]*):)?(.*)", re.DOTALL)
_VALID: Final = re.compile(r"(?:[0-9]+:)?[A-Za-z0-9._+~^]+(?:-[A-Za-z0-9._+~^]+)?")


def key(text: str) -> bytes:
    """Return the sort key of any text."""
    found = _EVR.fullmatch(text.encode("utf-8", "surrogatepass"))
    epoch, rest = found.groups() if found else (b"", b"")
    version, dash, release = rest.rpartition(b"-")
    if not dash:
        return number_key(epoch or b"") + _part_key(rest) + b"\x00"
    return number_key(epoch or b"") + _part_key(version) + b"\x01" + _part_key(release)


def is_valid(text: str) -> bool:
    """Return True if ``text`` has only characters that rpm allows in an epoch, version and release."""
    return _VALID.fullmatch(text) is not None


def _part_key(part: bytes) -> bytes:
    pieces: list[bytes] = []
    for run in _RUNS.findall(part):
        mark = _MARKS.get(run)
        if mark is not None:
            pieces.append(mark)
        elif run.isdigit():
            pieces += (_DIGITS, number_key(run))
        else:
            pieces += (_LETTERS, run, b"\x00")
    pieces.append(_END)
    return b"".join(pieces)


SCHEME: Final = VersionScheme(name="rpm", key=key, is_valid=is_valid)
