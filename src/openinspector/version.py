"""VersionScheme: rules for ordering versions, as a key that sorts like the vendor's own tool."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionScheme:
    """One scheme. ``key(a) < key(b)`` exactly when the vendor's tool orders a before b."""

    name: str
    key: Callable[[str], bytes]
    """Total: any text has a key; malformed text never raises."""
    is_valid: Callable[[str], bool]
    """Whether the vendor's tool accepts the text as a version."""

    def compare(self, first: str, second: str) -> int:
        """Return -1, 0 or 1 as ``first`` is older than, equal to or newer than ``second``."""
        a, b = self.key(first), self.key(second)
        return (a > b) - (a < b)


_SHORT = 255
_LENGTHS = tuple(bytes([length]) for length in range(_SHORT))


def number_key(digits: bytes) -> bytes:
    """Return bytes that sort like the decimal number ``digits`` (ASCII, any length; empty is zero).

    The length without leading zeros comes first, so that no number's key is the beginning of another's.
    """
    significant = digits.lstrip(b"0")
    length = len(significant)
    return (_LENGTHS[length] if length < _SHORT else b"\xff" + length.to_bytes(8, "big")) + significant
