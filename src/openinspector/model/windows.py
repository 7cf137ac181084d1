"""Records of a Windows host, in addition to those of `model/inventory.py`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from openinspector.model.record import Record

WINDOWS: Final = "windows"
"""`OperatingSystem.id` of every Windows."""
ASKED: Final = "local security policy"
"""`WindowsSecurityPolicy.source` of what Windows says itself."""
_INSTALLED_STATES: Final = (0x70, 0x80)
_WAITING_STATES: Final = (0x30, 0x40, 0x60, 0x65)
"""``CurrentState`` of Component Based Servicing. Microsoft publishes no list; these are the values commonly seen."""


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
    """One registry value of those that the agent reads."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    key: str
    """``HKEY_LOCAL_MACHINE\\…``, spelled as in the agent's list."""
    name: str
    """Empty for the key's default value."""
    type: RegistryType
    data: str | int | tuple[str, ...]
    """Text, a number, or the texts of a REG_MULTI_SZ; other data as lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsHotfix(Record):
    """One installed update, from servicing or from an administrator's list."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorPackageInfo"

    kb: str
    """``KB5031364``; empty for a rollup whose package does not name it."""
    package: str = ""
    """Package in servicing: ``Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2031.1.6``."""
    version: str = ""
    """Version in that name, ``20348.2031.1.6``: a rollup's version begins with its build and revision."""
    installed_on: str = ""
    """``2023-10-11``, or the text of the list if day and month are ambiguous; empty if unknown."""
    source: str = ""
    """``registry`` or the path of the list."""
    state: int = 112
    """State of the package in servicing; 112 (0x70) is installed. Lists name installed updates only."""

    @property
    def is_installed(self) -> bool:
        """True if servicing has installed it: 112 (installed) or 128 (permanent)."""
        return self.state in _INSTALLED_STATES

    @property
    def is_waiting(self) -> bool:
        """True if it is on the disk and not in force: staging, staged, install pending, partially installed."""
        return self.state in _WAITING_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsInstallation(Record):
    """The kind of Windows that is installed, and a pending restart."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorOperatingSystem"

    installation_type: str = ""
    """``Client``, ``Server`` or ``Server Core``."""
    edition: str = ""
    """EditionID: ``ServerDatacenter``. It is not translated."""
    product_type: str = ""
    """``WinNT``, ``ServerNT``, or ``LanmanNT`` for a domain controller."""
    hotpatch: bool = False
    """True if the host is enrolled for hotpatches."""
    restart_pending: tuple[str, ...] = ()
    """Registry keys that exist while an update waits for a restart."""

    @property
    def is_domain_controller(self) -> bool:
        """True for a domain controller."""
        return self.product_type == "LanmanNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsProgram(Record):
    """One installed program as Windows lists it under Apps (the Uninstall keys). No version scheme orders these."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorPackageInfo"

    name: str
    version: str = ""
    publisher: str = ""
    architecture: str = ""
    """``x86`` if it is registered in the 32-bit view, else empty: the 64-bit view may hold either."""
    installed_on: str = ""
    """``2023-10-11``; empty if unknown."""
    user: str = ""
    """SID of the only user it is installed for; empty if it is installed for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsUser(Record):
    """One user who is signed in, with the settings that the CIS rules judge."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    sid: str
    settings: dict[str, str] = field(default_factory=dict)
    """Data of existing values by key and name below ``HKEY_USERS\\SID``, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsSecurityPolicy(Record):
    """The local security policy, in the words of ``secedit /export``; a value that is absent is not known.

    A running Windows sends two of them if it has an export: first what it says itself, then the export.
    """

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    source: str
    """Path of the export, or `ASKED`."""
    exported_at: int = 0
    """Time of the export in seconds since 1970; the policy may have changed since. 0 if Windows was asked."""
    system_access: dict[str, str] = field(default_factory=dict)
    """Password and lockout policy: ``MinimumPasswordLength``."""
    event_audit: dict[str, str] = field(default_factory=dict)
    """Audit policy: ``AuditLogonEvents`` is 0 (none), 1 (success), 2 (failure) or 3 (both)."""
    privilege_rights: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """User rights: the accounts that have ``SeRemoteInteractiveLogonRight``, as SIDs. Exports write ``*S-1-5-32-544``
    for well-known ones, and names of this host's own accounts."""
    audit_subcategories: dict[str, int] = field(default_factory=dict)
    """0 (none), 1 (success), 2 (failure) or 3 (both) by the names of `AUDIT_SUBCATEGORIES`; no export has them."""
    registry_values: dict[str, str] = field(default_factory=dict)
    """Security options: ``type,value`` by ``MACHINE\\System\\…``."""
