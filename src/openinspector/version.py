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
