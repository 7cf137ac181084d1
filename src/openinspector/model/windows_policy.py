"""Words of the local security policy of Windows: user rights, audit subcategories, and accounts of every Windows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

USER_RIGHTS: Final = (
    "SeAssignPrimaryTokenPrivilege",
    "SeAuditPrivilege",
    "SeBackupPrivilege",
    "SeBatchLogonRight",
    "SeChangeNotifyPrivilege",
    "SeCreateGlobalPrivilege",
    "SeCreatePagefilePrivilege",
    "SeCreatePermanentPrivilege",
    "SeCreateSymbolicLinkPrivilege",
    "SeCreateTokenPrivilege",
    "SeDebugPrivilege",
    "SeDenyBatchLogonRight",
    "SeDenyInteractiveLogonRight",
    "SeDenyNetworkLogonRight",
    "SeDenyRemoteInteractiveLogonRight",
    "SeDenyServiceLogonRight",
    "SeEnableDelegationPrivilege",
    "SeImpersonatePrivilege",
    "SeIncreaseBasePriorityPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeIncreaseWorkingSetPrivilege",
    "SeInteractiveLogonRight",
    "SeLoadDriverPrivilege",
    "SeLockMemoryPrivilege",
    "SeMachineAccountPrivilege",
    "SeManageVolumePrivilege",
    "SeNetworkLogonRight",
    "SeProfileSingleProcessPrivilege",
    "SeRelabelPrivilege",
    "SeRemoteInteractiveLogonRight",
    "SeRemoteShutdownPrivilege",
    "SeRestorePrivilege",
    "SeSecurityPrivilege",
    "SeServiceLogonRight",
    "SeShutdownPrivilege",
    "SeSyncAgentPrivilege",
    "SeSystemEnvironmentPrivilege",
    "SeSystemProfilePrivilege",
    "SeSystemtimePrivilege",
    "SeTakeOwnershipPrivilege",
    "SeTcbPrivilege",
    "SeTimeZonePrivilege",
    "SeTrustedCredManAccessPrivilege",
    "SeUndockPrivilege",
)
"""Every user right of winnt.h and ntsecapi.h but the unused SeUnsolicitedInputPrivilege."""

_SUBCATEGORIES: Final = (
    "Security State Change",
    "Security System Extension",
    "System Integrity",
    "IPsec Driver",
    "Other System Events",
    "Logon",
    "Logoff",
    "Account Lockout",
    "IPsec Main Mode",
    "IPsec Quick Mode",
    "IPsec Extended Mode",
    "Special Logon",
    "Other Logon/Logoff Events",
    "File System",
    "Registry",
    "Kernel Object",
    "SAM",
    "Certification Services",
    "Application Generated",
    "Handle Manipulation",
    "File Share",
    "Filtering Platform Packet Drop",
    "Filtering Platform Connection",
    "Other Object Access Events",
    "Sensitive Privilege Use",
    "Non Sensitive Privilege Use",
    "Other Privilege Use Events",
    "Process Creation",
    "Process Termination",
    "DPAPI Activity",
    "RPC Events",
    "Audit Policy Change",
    "Authentication Policy Change",
    "Authorization Policy Change",
    "MPSSVC Rule-Level Policy Change",
    "Filtering Platform Policy Change",
    "Other Policy Change Events",
    "User Account Management",
    "Computer Account Management",
    "Security Group Management",
    "Distribution Group Management",
    "Application Group Management",
    "Other Account Management Events",
    "Directory Service Access",
    "Directory Service Changes",
    "Directory Service Replication",
    "Detailed Directory Service Replication",
    "Credential Validation",
    "Kerberos Service Ticket Operations",
    "Other Account Logon Events",
    "Kerberos Authentication Service",
    "Network Policy Server",
    "Detailed File Share",
    "Removable Storage",
    "Central Policy Staging",
    "User / Device Claims",
    "PNP Activity",
    "Group Membership",
    "Token Right Adjusted Events",
)
AUDIT_SUBCATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {f"0cce{0x9210 + number:04x}-69ae-11d9-bed3-505054503030": name for number, name in enumerate(_SUBCATEGORIES)}
)
"""Names of the audit subcategories by GUID, which ntsecapi.h numbers from 0cce9210 to 0cce924a."""

WELL_KNOWN_ACCOUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "S-1-1-0": "Everyone",
        "S-1-5-6": "SERVICE",
        "S-1-5-9": "ENTERPRISE DOMAIN CONTROLLERS",
        "S-1-5-11": "Authenticated Users",
        "S-1-5-19": "LOCAL SERVICE",
        "S-1-5-20": "NETWORK SERVICE",
        "S-1-5-32-544": "Administrators",
        "S-1-5-32-545": "Users",
        "S-1-5-32-546": "Guests",
        "S-1-5-32-551": "Backup Operators",
        "S-1-5-32-555": "Remote Desktop Users",
        "S-1-5-80-3139157870-2983391045-3678747466-658725712-1809340420": "WdiServiceHost",
        "S-1-5-83-0": "Virtual Machines",
        "S-1-5-90-0": "Window Manager Group",
        "S-1-5-113": "Local account",
        "S-1-5-114": "Local account and member of Administrators group",
    }
)
"""English names by SID (MS-DTYP 2.4.2.4); Windows translates the names, never the SIDs."""


class PolicyPart(StrEnum):
    """A part of the policy that Windows gives or refuses as a whole; the values are for people."""

    PASSWORDS = "password policy"
    LOCKOUT = "lockout policy"
    PASSWORD_PROPERTIES = "password complexity"  # noqa: S105 - not a password
    ACCOUNTS = "built-in accounts"
    RIGHTS = "user rights"
    AUDIT = "audit subcategories"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPolicy:
    """Answers of a running Windows about its local security policy, in the words of ``secedit``'s exports."""

    system_access: Mapping[str, str] = field(default_factory=dict)
    privilege_rights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """SIDs of accounts by right; a right that nobody has maps to none, and one that it does not know is absent."""
    audit_subcategories: Mapping[str, int] = field(default_factory=dict)
    """0 (none), 1 (success), 2 (failure) or 3 (both) by the names of `AUDIT_SUBCATEGORIES`."""
    refused: Mapping[PolicyPart, str] = field(default_factory=dict)
    """Why a part is missing: the call and its status."""
