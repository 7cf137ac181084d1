"""The order of Windows' builds: ``10.0.20348.2031``, four numbers, compared one after the other.

The last is the update build revision (UBR), which every cumulative update raises. A version that lacks it is older than
every version that has it.
"""

import re
from typing import Final

from openinspector.version import VersionScheme, number_key

_VALID: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?", re.ASCII)
_PART: Final = re.compile(rb"[0-9]+")


def key(text: str) -> bytes:
    """Return the sort key of any text: its numbers, each before a mark that sorts behind the end."""
    parts = _PART.findall(text.encode("utf-8", "surrogatepass"))
    return b"".join(b"\x01" + number_key(part) for part in parts)


def is_valid(text: str) -> bool:
    """Return True if ``text`` is a version of Windows, with or without its revision."""
    return _VALID.fullmatch(text) is not None


SCHEME: Final = VersionScheme(name="windows_build", key=key, is_valid=is_valid)
