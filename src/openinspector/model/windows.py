"""What sensors find on a Windows host: one frozen type per telemetry message, beside those of `model/inventory.py`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from openinspector.model.record import Record

WINDOWS: Final = "windows"
"""`OperatingSystem.id` of every Windows."""


class RegistryType(StrEnum):
    """Type of a registry value, by its name in winnt.h."""

    NONE = "REG_NONE"
    SZ = "REG_SZ"
    EXPAND_SZ = "REG_EXPAND_SZ"
    BINARY = "REG_BINARY"
    DWORD = "REG_DWORD"
    DWORD_BIG_ENDIAN = "REG_DWORD_BIG_ENDIAN"
    LINK = "REG_LINK"
    MULTI_SZ = "REG_MULTI_SZ"
    QWORD = "REG_QWORD"
    OTHER = "OTHER"
    """A resource list or a type of a program's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsRegistryValue(Record):
    """One value of the registry, of those the agent is built to read."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    key: str
    """``HKEY_LOCAL_MACHINE\\…``, spelled as the agent asks for it."""
    name: str
    """Empty for the key's default value."""
    type: RegistryType
    data: str | int | tuple[str, ...]
    """Text, a number, or the texts of a REG_MULTI_SZ; whatever else as lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsHotfix(Record):
    """One update that is installed, as servicing or a list made by an administrator names it."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorPackageInfo"

    kb: str
    """``KB5031364``; empty for a rollup whose package does not say."""
    package: str = ""
    """Servicing's name of it: ``Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2031.1.6``."""
    version: str = ""
    """Version in that name, ``20348.2031.1.6``: a rollup's begins with the build and revision it brings."""
    installed_on: str = ""
    """``2023-10-11``; as the list writes it where day and month cannot be told apart; empty where unknown."""
    source: str = ""
    """``registry`` or the path of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsProgram(Record):
    """One installed program as Windows lists it under Apps (the Uninstall keys). No version scheme orders these."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorPackageInfo"

    name: str
    version: str = ""
    publisher: str = ""
    architecture: str = ""
    """``x86`` where it is registered in the 32-bit view, else empty: the 64-bit view does not tell."""
    installed_on: str = ""
    """``2023-10-11``; empty where unknown."""
    user: str = ""
    """SID of the one user it is installed for; empty where it is installed for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsSecurityPolicy(Record):
    """The local security policy as ``secedit /export`` wrote it: names to values, both as written.

    Account names in user rights are SIDs (``*S-1-5-32-544``) wherever Windows could not resolve a name.
    """

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    source: str
    """Path of the export."""
    exported_at: int
    """When the export was written, in seconds since 1970: the policy may have changed since."""
    system_access: dict[str, str] = field(default_factory=dict)
    """Password and lockout policy: ``MinimumPasswordLength``."""
    event_audit: dict[str, str] = field(default_factory=dict)
    """Audit policy: ``AuditLogonEvents`` to 0 (none), 1 (success), 2 (failure) or 3 (both)."""
    privilege_rights: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """User rights: ``SeRemoteInteractiveLogonRight`` to those who have it."""
    registry_values: dict[str, str] = field(default_factory=dict)
    """Security options: ``MACHINE\\System\\…`` to ``type,value``."""
