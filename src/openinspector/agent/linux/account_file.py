"""The colon-separated files of accounts: passwd(5), group(5), shadow(5)."""

from collections.abc import Iterator
from io import StringIO
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import decode

PASSWD: Final = "/etc/passwd"  # noqa: S105 - a path
GROUP: Final = "/etc/group"
SHADOW: Final = "/etc/shadow"
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_ID: Final = 2**32 - 1
_NIS: Final = ("+", "-")
"""Lines that begin so include or exclude accounts of a directory (nsswitch compat); they are no accounts."""


def read_entries(host: Host, path: str, fields: int) -> Iterator[list[str]]:
    """Yield the entries of an account file that have at least ``fields`` fields; raises OSError as the host does."""
    for line in StringIO(decode(host.read(path, MAX_BYTES)), newline="\n"):
        entry = line.removesuffix("\n").lstrip(" \t\v\f\r").split(":")  # the C library passes over blanks before a name
        if len(entry) >= fields and entry[0] and not entry[0].startswith((*_NIS, "#")):
            yield entry


def number(text: str) -> int | None:
    """Return a decimal field's number, or None where it is empty, no number, or beyond what Linux counts."""
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(MAX_ID)):
        return None
    return int(text.strip())


def names_by_id(host: Host, path: str) -> dict[int, str]:
    """Return id to name of ``/etc/passwd`` or ``/etc/group``, the first name winning; empty where it cannot be read."""
    names: dict[int, str] = {}
    try:
        for entry in read_entries(host, path, 3):
            found = number(entry[2])
            if found is not None:
                names.setdefault(found, entry[0])
    except OSError:
        return {}
    return names
