"""The settings of libpwquality as the library interprets them (settings.c of 1.4.5).

Names are case-insensitive. A number is text that strtol(3) consumes completely, within 32 bits. Two settings are
clamped.
"""

import re
from typing import Final

NUMBERS: Final = frozenset(
    {
        "dcredit",
        "dictcheck",
        "difok",
        "enforcing",
        "gecoscheck",
        "lcredit",
        "maxclassrepeat",
        "maxrepeat",
        "maxsequence",
        "minclass",
        "minlen",
        "ocredit",
        "retry",
        "ucredit",
        "usercheck",
        "usersubstr",
    }
)
TEXTS: Final = frozenset({"badwords", "dictpath"})
FLAGS: Final = frozenset({"enforce_for_root", "local_users_only"})
"""Settings whose value is ignored: only their presence counts."""
MIN_LENGTH: Final = 6
"""The library raises a lower ``minlen`` to this."""
MAX_CLASSES: Final = 4
"""The library lowers a higher ``minclass`` to this."""

_NUMBER: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)", re.ASCII)
_MAX_DIGITS: Final = 1024
_INT_32: Final = range(-(2**31), 2**31)


def effective_value(name: str, value: str) -> str | None:
    """Return the value that the library uses, or None if it refuses ``value``; ``name`` is lower case.

    The value of a flag is empty.
    """
    if name in FLAGS:
        return ""
    if name in TEXTS:
        return value
    found = _NUMBER.fullmatch(value)
    if name not in NUMBERS or not found or len(value) > _MAX_DIGITS:
        return None
    number = int(found[1])
    if name == "minlen":
        number = max(number, MIN_LENGTH)
    if name == "minclass":
        number = min(number, MAX_CLASSES)
    return str(number) if int(found[1]) in _INT_32 else None
