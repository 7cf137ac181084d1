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
"""Lines that start like this include or exclude accounts of a directory service (nsswitch compat)."""


def read_entries(host: Host, path: str, fields: int) -> Iterator[list[str]]:
    """Yield the entries of an account file that have at least ``fields`` fields, except those of NIS; raise OSError."""
    for entry in _lines(host, path):
        if len(entry) >= fields and entry[0] and not entry[0].startswith((*_NIS, "#")):
            yield entry


def count_nis_lines(host: Host, path: str) -> int:
    """Return the number of lines that include or exclude accounts of NIS (``+``, ``-@netgroup``); raise OSError."""
    return sum(entry[0].startswith(_NIS) for entry in _lines(host, path))


def _lines(host: Host, path: str) -> Iterator[list[str]]:
    for line in StringIO(decode(host.read(path, MAX_BYTES)), newline="\n"):
        yield line.removesuffix("\n").lstrip(" \t\v\f\r").split(":")  # the C library skips blanks before a name


def number(text: str) -> int | None:
    """Return the number in a decimal field, or None if it is empty, not a number, or beyond the range of ids."""
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(MAX_ID)):
        return None
    return int(text.strip())


def names_by_id(host: Host, path: str) -> dict[int, str]:
    """Return the first name of each id in ``/etc/passwd`` or ``/etc/group``; empty if the file cannot be read."""
    names: dict[int, str] = {}
    try:
        for entry in read_entries(host, path, 3):
            found = number(entry[2])
            if found is not None:
                names.setdefault(found, entry[0])
    except OSError:
        return {}
    return names
