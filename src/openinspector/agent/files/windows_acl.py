"""Access to the agent's files on Windows, where the access control list decides instead of mode bits."""

import errno
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TRUSTED: Final = frozenset({"S-1-5-18", "S-1-5-32-544"})
"""LocalSystem, under which the services run, and the administrators."""
FOLDER_DESCRIPTOR: Final = "O:BAG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
"""Owner, group and list of the agent's folders (SDDL): full access for both, inherited by files and folders."""
ADVICE: Final = 'icacls "{path}" /inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F"'
"""The command that closes a folder to others."""
_ALLOWED_TYPES: Final = (0, 5, 9, 11)
"""ACCESS_ALLOWED_ACE_TYPE and its object and callback forms (winnt.h); the others deny or audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAccess:
    """The owner and access control list of a file or folder."""

    owner: str
    """SID; an owner may always change the list."""
    entries: tuple[tuple[int, str], ...] | None
    """Type and SID of each entry of the list. None if the file has no list: then everybody has full access."""


def others_may_access(access: FileAccess) -> bool:
    """Return True if anybody but the system and the administrators has access, or could grant it to themselves."""
    if access.owner not in TRUSTED or access.entries is None:
        return True
    return any(kind in _ALLOWED_TYPES and sid not in TRUSTED for kind, sid in access.entries)


def protect_folder(path: Path) -> None:
    """Give a folder, and all that is made in it, to the system and the administrators alone; raises OSError.

    The list is protected: it takes nothing from the folder above.
    """
    if sys.platform == "win32":
        import win32security  # noqa: PLC0415 - pywin32, Windows only

        parts = (
            win32security.OWNER_SECURITY_INFORMATION
            | win32security.DACL_SECURITY_INFORMATION
            | win32security.PROTECTED_DACL_SECURITY_INFORMATION
        )
        try:
            descriptor = win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(FOLDER_DESCRIPTOR, 1)
            win32security.SetFileSecurity(str(path), parts, descriptor)
        except win32security.error as error:
            raise OSError(errno.EACCES, f"its access control list cannot be set: {error}", str(path)) from error
    else:
        raise OSError(errno.ENOTSUP, "only Windows has access control lists of this kind", str(path))


def read_access(path: Path) -> FileAccess:
    """Return the access to a file or folder; raises OSError."""
    if sys.platform == "win32":
        import win32security  # noqa: PLC0415 - pywin32, Windows only

        parts = win32security.DACL_SECURITY_INFORMATION | win32security.OWNER_SECURITY_INFORMATION
        try:
            descriptor = win32security.GetFileSecurity(str(path), parts)
            owner = win32security.ConvertSidToStringSid(descriptor.GetSecurityDescriptorOwner())
            found = descriptor.GetSecurityDescriptorDacl()
            if found is None:  # None stands for a NULL list, which the stubs do not declare
                return FileAccess(owner=owner, entries=None)
            entries = [found.GetAce(index) for index in range(found.GetAceCount())]
            converted = tuple((entry[0][0], win32security.ConvertSidToStringSid(entry[-1])) for entry in entries)
            return FileAccess(owner=owner, entries=converted)
        except win32security.error as error:
            raise OSError(errno.EACCES, f"its access control list: {error}", str(path)) from error
    else:
        raise OSError(errno.ENOTSUP, "only Windows has access control lists of this kind", str(path))
