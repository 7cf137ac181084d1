"""Who may read a file of the agent's on Windows, where mode bits say nothing: the access control list decides."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

TRUSTED: Final = frozenset({"S-1-5-18", "S-1-5-32-544"})
"""LocalSystem, which the services run as, and the administrators."""
_ALLOWED_TYPES: Final = (0, 5, 9, 11)
"""ACCESS_ALLOWED_ACE_TYPE and its object and callback forms (winnt.h); the others deny or audit."""


def others_may_access(entries: Iterable[tuple[int, str]] | None) -> bool:
    """Say whether an access control list lets anybody else in; ``entries`` are (type, SID), None for no list at all."""
    if entries is None:
        return True  # without a list everybody may do everything
    return any(kind in _ALLOWED_TYPES and sid not in TRUSTED for kind, sid in entries)


def read_access_list(path: Path) -> list[tuple[int, str]] | None:
    """Return the access control list of a file as (type, SID), None where it has none; raises OSError."""
    if sys.platform == "win32":
        import win32security  # noqa: PLC0415 - pywin32, Windows only

        try:
            descriptor = win32security.GetFileSecurity(str(path), win32security.DACL_SECURITY_INFORMATION)
            found = descriptor.GetSecurityDescriptorDacl()
            if found is None:  # the stubs do not know: NULL lists are
                return None
            entries = [found.GetAce(index) for index in range(found.GetAceCount())]
            return [(entry[0][0], win32security.ConvertSidToStringSid(entry[-1])) for entry in entries]
        except win32security.error as error:
            raise OSError(f"the access control list of {path} cannot be read: {error}") from error
    else:
        raise OSError(f"{path}: only Windows has access control lists of this kind")
