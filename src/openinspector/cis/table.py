"""Rows of control tables, and the controls that they make."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.cis.benchmark import Control, Profile, Role
from openinspector.cis.catalogue import checks
from openinspector.model.errors import ModelError

Row = tuple[str, ...]
"""Number, profiles, then the names of the checks: ``("1.1.1.1", "1", "module_off:cramfs")``.

``title:TEXT`` among the names is the control's heading, where the checks' titles make too long a one.

Profiles are written as levels, each with the role that it is limited to: ``1`` is level 1 of every role, ``1S2W`` level
1 of servers and level 2 of workstations. Of Windows, ``M`` is a member server, ``D`` a domain controller, ``N`` the
profile Next Generation Windows Security.
"""

_PROFILE: Final = re.compile(r"([12])([SWMDN]?)")
_TITLE: Final = "title:"
_ROLES: Final = {
    "": Role.ANY,
    "S": Role.SERVER,
    "W": Role.WORKSTATION,
    "M": Role.MEMBER_SERVER,
    "D": Role.DOMAIN_CONTROLLER,
    "N": Role.NEXT_GENERATION,
}


class TableError(ModelError):
    """A malformed row, or a number that occurs twice."""


def amended(rows: Iterable[Row], changes: Iterable[Row] = (), without: Iterable[str] = ()) -> tuple[Row, ...]:
    """Return the table of a related benchmark: rows replaced or added by number, others left out, in order."""
    left_out = frozenset(without)
    merged = {row[0]: row for row in rows if row[0] not in left_out} | {row[0]: row for row in changes}
    return tuple(sorted(merged.values(), key=lambda row: [int(part) for part in row[0].split(".")]))


def controls(rows: Iterable[Row]) -> tuple[Control, ...]:
    """Return the controls of a table. Raises TableError or UnknownCheckError."""
    found: dict[str, Control] = {}
    for number, profiles, *names in rows:
        titles = [name.removeprefix(_TITLE) for name in names if name.startswith(_TITLE)]
        judged = tuple(check for name in names if not name.startswith(_TITLE) for check in checks(name))
        if number in found or not judged:
            raise TableError(f"control {number} stands twice or names no check")
        found[number] = Control(
            number=number,
            profiles=tuple(_profiles(number, profiles)),
            checks=judged,
            heading=titles[0] if titles else "",
        )
    return tuple(found.values())


def _profiles(number: str, text: str) -> Iterator[Profile]:
    if not re.fullmatch(f"(?:{_PROFILE.pattern})+", text):
        raise TableError(f"control {number} has the profiles {text!r}")
    for level, role in _PROFILE.findall(text):
        yield Profile(int(level), _ROLES[role])
