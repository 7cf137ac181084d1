r"""Windows Server: chapters 1, 2, 5, 9 and 17 to 19 of the benchmarks that Inspector Classic had (F5.32 to F5.35).

One table serves all releases. Keys and values of chapters 1, 2, 9, 17 and 18 were compared with a public list of
Server 2019 v1.2.0 (HardeningKitty, MIT), and most numbers are its; the publications are not among the project's data.
Chapter 19 is about users: those who are signed in are judged.

``registry:KEY!VALUE=EXPECTATION``; a ``?`` before the expectation: an absent value meets it. `SETTINGS` of the agent
holds every value that is named here. ``right:NAME=ACCOUNTS``: no others have it, or with ``+`` at least these.
``audited:SUBCATEGORY=SF``: success and failure.
"""

from typing import Final

from openinspector.cis.table import Row, amended
from openinspector.cis.tables.windows_templates import SINCE_2016, SINCE_2019, TEMPLATES, USER_TEMPLATES

_CONTROL: Final = r"SYSTEM\CurrentControlSet\Control"
_SERVICES: Final = r"SYSTEM\CurrentControlSet\Services"
_LSA: Final = rf"{_CONTROL}\Lsa"
_NTLM: Final = rf"{_LSA}\MSV1_0"
_SYSTEM: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
_WINLOGON: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
_NETLOGON: Final = rf"{_SERVICES}\Netlogon\Parameters"
_CLIENT: Final = rf"{_SERVICES}\LanmanWorkstation\Parameters"
_SERVER: Final = rf"{_SERVICES}\LanmanServer\Parameters"
_FIREWALL: Final = r"SOFTWARE\Policies\Microsoft\WindowsFirewall"
_WINREG: Final = rf"{_CONTROL}\SecurePipeServers\Winreg"
_EXACT_TITLE: Final = "title:Registry paths that can be read remotely are the default ones"
_EXACT_PATHS: Final = (
    r"System\CurrentControlSet\Control\ProductOptions",
    r"System\CurrentControlSet\Control\Server Applications",
    r"Software\Microsoft\Windows NT\CurrentVersion",
)
_PATHS_TITLE: Final = "title:Registry paths that can be read remotely with their subkeys are the default ones"
_PATHS: Final = (
    r"System\CurrentControlSet\Control\Print\Printers",
    r"System\CurrentControlSet\Services\Eventlog",
    r"Software\Microsoft\OLAP Server",
    r"Software\Microsoft\Windows NT\CurrentVersion\Print",
    r"Software\Microsoft\Windows NT\CurrentVersion\Windows",
    r"System\CurrentControlSet\Control\ContentIndex",
    r"System\CurrentControlSet\Control\Terminal Server",
    r"System\CurrentControlSet\Control\Terminal Server\UserConfig",
    r"System\CurrentControlSet\Control\Terminal Server\DefaultUserConfiguration",
    r"Software\Microsoft\Windows NT\CurrentVersion\Perflib",
    r"System\CurrentControlSet\Services\SysmonLog",
)
_STRONG: Final = "537395200"
"""NTLMv2 session security and 128-bit encryption."""


def _profile(chapter: str, profile: str, log: str) -> tuple[Row, ...]:
    """Return the rows that the firewall's profiles have in common, and the public profile's own."""
    key, logging = rf"{_FIREWALL}\{profile}", rf"{_FIREWALL}\{profile}\Logging"
    asked = [f"{key}!EnableFirewall=1", f"{key}!DefaultInboundAction=1", f"{key}!DefaultOutboundAction=0"]
    asked.append(f"{key}!DisableNotifications=1")
    if profile == "PublicProfile":
        asked += [f"{key}!AllowLocalPolicyMerge=0", f"{key}!AllowLocalIPsecPolicyMerge=0"]
    asked += [
        rf"{logging}!LogFilePath=%SystemRoot%\System32\logfiles\firewall\{log}fw.log",
        f"{logging}!LogFileSize=>=16384",
        f"{logging}!LogDroppedPackets=1",
        f"{logging}!LogSuccessfulConnections=1",
    ]
    return tuple((f"{chapter}.{number}", "1", f"registry:{one}") for number, one in enumerate(asked, start=1))


_SERVICES_AND_ADMINISTRATORS: Final = "Administrators|LOCAL SERVICE|NETWORK SERVICE|SERVICE"

_RIGHTS: Final[tuple[Row, ...]] = (
    ("2.2.1", "1", "right:SeTrustedCredManAccessPrivilege="),
    (
        "2.2.2",
        "1D",
        "right:SeNetworkLogonRight=Administrators|Authenticated Users|ENTERPRISE DOMAIN CONTROLLERS",
    ),
    ("2.2.3", "1M", "right:SeNetworkLogonRight=Administrators|Authenticated Users"),
    ("2.2.4", "1", "right:SeTcbPrivilege="),
    ("2.2.5", "1D", "right:SeMachineAccountPrivilege=Administrators"),
    ("2.2.6", "1", "right:SeIncreaseQuotaPrivilege=Administrators|LOCAL SERVICE|NETWORK SERVICE"),
    ("2.2.7", "1", "right:SeInteractiveLogonRight=Administrators"),
    ("2.2.8", "1D", "right:SeRemoteInteractiveLogonRight=Administrators"),
    ("2.2.9", "1M", "right:SeRemoteInteractiveLogonRight=Administrators|Remote Desktop Users"),
    ("2.2.10", "1", "right:SeBackupPrivilege=Administrators"),
    ("2.2.11", "1", "right:SeSystemtimePrivilege=Administrators|LOCAL SERVICE"),
    ("2.2.12", "1", "right:SeTimeZonePrivilege=Administrators|LOCAL SERVICE"),
    ("2.2.13", "1", "right:SeCreatePagefilePrivilege=Administrators"),
    ("2.2.14", "1", "right:SeCreateTokenPrivilege="),
    ("2.2.15", "1", f"right:SeCreateGlobalPrivilege={_SERVICES_AND_ADMINISTRATORS}"),
    ("2.2.16", "1", "right:SeCreatePermanentPrivilege="),
    ("2.2.17", "1D", "right:SeCreateSymbolicLinkPrivilege=Administrators"),
    # Virtual Machines is the group of Hyper-V, which may have it where that role is installed.
    ("2.2.18", "1M", "right:SeCreateSymbolicLinkPrivilege=Administrators|Virtual Machines"),
    ("2.2.19", "1", "right:SeDebugPrivilege=Administrators"),
    ("2.2.20", "1D", "right:SeDenyNetworkLogonRight=+Guests"),
    (
        "2.2.21",
        "1M",
        "right:SeDenyNetworkLogonRight=+Guests|Local account and member of Administrators group",
    ),
    ("2.2.22", "1", "right:SeDenyBatchLogonRight=+Guests"),
    ("2.2.23", "1", "right:SeDenyServiceLogonRight=+Guests"),
    ("2.2.24", "1", "right:SeDenyInteractiveLogonRight=+Guests"),
    ("2.2.25", "1D", "right:SeDenyRemoteInteractiveLogonRight=+Guests"),
    ("2.2.26", "1M", "right:SeDenyRemoteInteractiveLogonRight=+Guests|Local account"),
    ("2.2.27", "1D", "right:SeEnableDelegationPrivilege=Administrators"),
    ("2.2.28", "1M", "right:SeEnableDelegationPrivilege="),
    ("2.2.29", "1", "right:SeRemoteShutdownPrivilege=Administrators"),
    ("2.2.30", "1", "right:SeAuditPrivilege=LOCAL SERVICE|NETWORK SERVICE"),
    ("2.2.31", "1", f"right:SeImpersonatePrivilege={_SERVICES_AND_ADMINISTRATORS}"),
    ("2.2.33", "1", "right:SeIncreaseBasePriorityPrivilege=Administrators|Window Manager Group"),
    ("2.2.34", "1", "right:SeLoadDriverPrivilege=Administrators"),
    ("2.2.35", "1", "right:SeLockMemoryPrivilege="),
    ("2.2.36", "2D", "right:SeBatchLogonRight=Administrators"),
    ("2.2.37", "1", "right:SeSecurityPrivilege=Administrators"),
    ("2.2.39", "1", "right:SeRelabelPrivilege="),
    ("2.2.40", "1", "right:SeSystemEnvironmentPrivilege=Administrators"),
    ("2.2.41", "1", "right:SeManageVolumePrivilege=Administrators"),
    ("2.2.42", "1", "right:SeProfileSingleProcessPrivilege=Administrators"),
    ("2.2.43", "1", "right:SeSystemProfilePrivilege=Administrators|WdiServiceHost"),
    ("2.2.44", "1", "right:SeAssignPrimaryTokenPrivilege=LOCAL SERVICE|NETWORK SERVICE"),
    ("2.2.45", "1", "right:SeRestorePrivilege=Administrators"),
    ("2.2.46", "1", "right:SeShutdownPrivilege=Administrators"),
    ("2.2.47", "1D", "right:SeSyncAgentPrivilege="),
    ("2.2.48", "1", "right:SeTakeOwnershipPrivilege=Administrators"),
)

_AUDIT: Final[tuple[Row, ...]] = (
    ("17.1.1", "1", "audited:Credential Validation=SF"),
    ("17.1.2", "1D", "audited:Kerberos Authentication Service=SF"),
    ("17.1.3", "1D", "audited:Kerberos Service Ticket Operations=SF"),
    ("17.2.1", "1", "audited:Application Group Management=SF"),
    ("17.2.2", "1D", "audited:Computer Account Management=S"),
    ("17.2.3", "1D", "audited:Distribution Group Management=S"),
    ("17.2.4", "1D", "audited:Other Account Management Events=S"),
    ("17.2.5", "1", "audited:Security Group Management=S"),
    ("17.2.6", "1", "audited:User Account Management=SF"),
    ("17.3.1", "1", "audited:PNP Activity=S"),
    ("17.3.2", "1", "audited:Process Creation=S"),
    ("17.4.1", "1D", "audited:Directory Service Access=F"),
    ("17.4.2", "1D", "audited:Directory Service Changes=S"),
    ("17.5.1", "1", "audited:Account Lockout=F"),
    ("17.5.2", "1", "audited:Group Membership=S"),
    ("17.5.3", "1", "audited:Logoff=S"),
    ("17.5.4", "1", "audited:Logon=SF"),
    ("17.5.5", "1", "audited:Other Logon/Logoff Events=SF"),
    ("17.5.6", "1", "audited:Special Logon=S"),
    ("17.6.1", "1", "audited:Detailed File Share=F"),
    ("17.6.2", "1", "audited:File Share=SF"),
    ("17.6.3", "1", "audited:Other Object Access Events=SF"),
    ("17.6.4", "1", "audited:Removable Storage=SF"),
    ("17.7.1", "1", "audited:Audit Policy Change=S"),
    ("17.7.2", "1", "audited:Authentication Policy Change=S"),
    ("17.7.3", "1", "audited:Authorization Policy Change=S"),
    ("17.7.4", "1", "audited:MPSSVC Rule-Level Policy Change=SF"),
    ("17.7.5", "1", "audited:Other Policy Change Events=F"),
    ("17.8.1", "1", "audited:Sensitive Privilege Use=SF"),
    ("17.9.1", "1", "audited:IPsec Driver=SF"),
    ("17.9.2", "1", "audited:Other System Events=SF"),
    ("17.9.3", "1", "audited:Security State Change=S"),
    ("17.9.4", "1", "audited:Security System Extension=S"),
    ("17.9.5", "1", "audited:System Integrity=SF"),
)

SERVER_2019: Final[tuple[Row, ...]] = (
    ("1.1.1", "1", "policy:PasswordHistorySize=>=24"),
    ("1.1.2", "1", "policy:MaximumPasswordAge=1..60"),
    ("1.1.3", "1", "policy:MinimumPasswordAge=>=1"),
    ("1.1.4", "1", "policy:MinimumPasswordLength=>=14"),
    ("1.1.5", "1", "policy:PasswordComplexity=1"),
    ("1.1.6", "1", "policy:ClearTextPassword=0"),
    ("1.2.1", "1", "policy:LockoutDuration=>=15"),
    ("1.2.2", "1", "policy:LockoutBadCount=1..10"),
    ("1.2.3", "1", "policy:ResetLockoutCount=>=15"),
    *_RIGHTS,
    ("2.3.1.1", "1M", "policy:EnableAdminAccount=0"),
    ("2.3.1.2", "1", rf"registry:{_SYSTEM}!NoConnectedUser=3"),
    ("2.3.1.3", "1M", "policy:EnableGuestAccount=0"),
    ("2.3.1.4", "1", f"registry:{_LSA}!LimitBlankPasswordUse=?1"),
    ("2.3.1.5", "1", "policy:NewAdministratorName=!Administrator"),
    ("2.3.1.6", "1", "policy:NewGuestName=!Guest"),
    ("2.3.2.1", "1", f"registry:{_LSA}!SCENoApplyLegacyAuditPolicy=1"),
    ("2.3.2.2", "1", f"registry:{_LSA}!CrashOnAuditFail=?0"),
    ("2.3.4.1", "1", f"registry:{_WINLOGON}!AllocateDASD=0"),
    ("2.3.4.2", "1", rf"registry:{_CONTROL}\Print\Providers\LanMan Print Services\Servers!AddPrinterDrivers=1"),
    ("2.3.5.1", "1D", f"registry:{_LSA}!SubmitControl=?0"),
    ("2.3.5.2", "1D", rf"registry:{_SERVICES}\NTDS\Parameters!LDAPServerIntegrity=2"),
    ("2.3.5.3", "1D", f"registry:{_NETLOGON}!RefusePasswordChange=?0"),
    ("2.3.6.1", "1", f"registry:{_NETLOGON}!RequireSignOrSeal=1"),
    ("2.3.6.2", "1", f"registry:{_NETLOGON}!SealSecureChannel=1"),
    ("2.3.6.3", "1", f"registry:{_NETLOGON}!SignSecureChannel=1"),
    ("2.3.6.4", "1", f"registry:{_NETLOGON}!DisablePasswordChange=?0"),
    ("2.3.6.5", "1", f"registry:{_NETLOGON}!MaximumPasswordAge=?1..30"),
    ("2.3.6.6", "1", f"registry:{_NETLOGON}!RequireStrongKey=1"),
    ("2.3.7.1", "1", f"registry:{_SYSTEM}!DontDisplayLastUserName=1"),
    ("2.3.7.2", "1", f"registry:{_SYSTEM}!DisableCAD=0"),
    ("2.3.7.3", "1", f"registry:{_SYSTEM}!InactivityTimeoutSecs=1..900"),
    ("2.3.7.4", "1", f"registry:{_SYSTEM}!LegalNoticeText=*"),
    ("2.3.7.5", "1", f"registry:{_SYSTEM}!LegalNoticeCaption=*"),
    ("2.3.7.6", "2M", f"registry:{_WINLOGON}!CachedLogonsCount=<=4"),
    ("2.3.7.7", "1", f"registry:{_WINLOGON}!PasswordExpiryWarning=5..14"),
    ("2.3.7.8", "1M", f"registry:{_WINLOGON}!ForceUnlockLogon=1"),
    ("2.3.7.9", "1", f"registry:{_WINLOGON}!ScRemoveOption=1|2|3"),
    ("2.3.8.1", "1", f"registry:{_CLIENT}!RequireSecuritySignature=1"),
    ("2.3.8.2", "1", f"registry:{_CLIENT}!EnableSecuritySignature=?1"),
    ("2.3.8.3", "1", f"registry:{_CLIENT}!EnablePlainTextPassword=?0"),
    ("2.3.9.1", "1", f"registry:{_SERVER}!AutoDisconnect=?1..15"),
    ("2.3.9.2", "1", f"registry:{_SERVER}!RequireSecuritySignature=1"),
    ("2.3.9.3", "1", f"registry:{_SERVER}!EnableSecuritySignature=1"),
    ("2.3.9.4", "1", f"registry:{_SERVER}!EnableForcedLogOff=?1"),
    ("2.3.9.5", "1M", f"registry:{_SERVER}!SMBServerNameHardeningLevel=1|2"),
    ("2.3.10.1", "1", "policy:LSAAnonymousNameLookup=0"),
    ("2.3.10.2", "1M", f"registry:{_LSA}!RestrictAnonymousSAM=?1"),
    ("2.3.10.3", "1M", f"registry:{_LSA}!RestrictAnonymous=1"),
    ("2.3.10.4", "2", f"registry:{_LSA}!DisableDomainCreds=1"),
    ("2.3.10.5", "1", f"registry:{_LSA}!EveryoneIncludesAnonymous=?0"),
    ("2.3.10.6", "1D", f"registry:{_SERVER}!NullSessionPipes=?[lsarpc|netlogon|samr]"),
    ("2.3.10.7", "1M", f"registry:{_SERVER}!NullSessionPipes=?[]"),
    ("2.3.10.8", "1", rf"registry:{_WINREG}\AllowedExactPaths!Machine=?[{'|'.join(_EXACT_PATHS)}]", _EXACT_TITLE),
    ("2.3.10.9", "1", rf"registry:{_WINREG}\AllowedPaths!Machine=?[{'|'.join(_PATHS)}]", _PATHS_TITLE),
    ("2.3.10.10", "1", f"registry:{_SERVER}!RestrictNullSessAccess=?1"),
    ("2.3.10.11", "1M", f"registry:{_LSA}!RestrictRemoteSAM=O:BAG:BAD:(A;;RC;;;BA)"),
    ("2.3.10.12", "1", f"registry:{_SERVER}!NullSessionShares=?[]"),
    ("2.3.10.13", "1", f"registry:{_LSA}!ForceGuest=?0"),
    ("2.3.11.1", "1", f"registry:{_LSA}!UseMachineId=1"),
    ("2.3.11.2", "1", f"registry:{_NTLM}!AllowNullSessionFallback=?0"),
    ("2.3.11.3", "1", rf"registry:{_LSA}\pku2u!AllowOnlineID=0"),
    # AES alone, with or without what comes after it
    ("2.3.11.4", "1", rf"registry:{_SYSTEM}\Kerberos\Parameters!SupportedEncryptionTypes=24|2147483640"),
    ("2.3.11.5", "1", f"registry:{_LSA}!NoLMHash=?1"),
    ("2.3.11.6", "1", "policy:ForceLogoffWhenHourExpire=1"),
    ("2.3.11.7", "1", f"registry:{_LSA}!LmCompatibilityLevel=5"),
    ("2.3.11.8", "1", rf"registry:{_SERVICES}\LDAP!LDAPClientIntegrity=1|2"),
    ("2.3.11.9", "1", f"registry:{_NTLM}!NTLMMinClientSec={_STRONG}"),
    ("2.3.11.10", "1", f"registry:{_NTLM}!NTLMMinServerSec={_STRONG}"),
    ("2.3.13.1", "1", f"registry:{_SYSTEM}!ShutdownWithoutLogon=0"),
    ("2.3.15.1", "1", rf"registry:{_CONTROL}\Session Manager\Kernel!ObCaseInsensitive=?1"),
    ("2.3.15.2", "1", rf"registry:{_CONTROL}\Session Manager!ProtectionMode=1"),
    ("2.3.17.1", "1", f"registry:{_SYSTEM}!FilterAdministratorToken=1"),
    ("2.3.17.2", "1", f"registry:{_SYSTEM}!EnableUIADesktopToggle=?0"),
    ("2.3.17.3", "1", f"registry:{_SYSTEM}!ConsentPromptBehaviorAdmin=2"),
    ("2.3.17.4", "1", f"registry:{_SYSTEM}!ConsentPromptBehaviorUser=0"),
    ("2.3.17.5", "1", f"registry:{_SYSTEM}!EnableInstallerDetection=1"),
    ("2.3.17.6", "1", f"registry:{_SYSTEM}!EnableSecureUIAPaths=1"),
    ("2.3.17.7", "1", f"registry:{_SYSTEM}!EnableLUA=1"),
    ("2.3.17.8", "1", f"registry:{_SYSTEM}!PromptOnSecureDesktop=1"),
    ("2.3.17.9", "1", f"registry:{_SYSTEM}!EnableVirtualization=1"),
    *_profile("9.1", "DomainProfile", "domain"),
    *_profile("9.2", "PrivateProfile", "private"),
    *_profile("9.3", "PublicProfile", "public"),
    *_AUDIT,
    *TEMPLATES,
    *USER_TEMPLATES,
)
"""Server 2019."""

SERVER_2022: Final = amended(
    SERVER_2019,
    (
        ("5.1", "1D", rf"registry:{_SERVICES}\Spooler!Start=4"),
        ("5.2", "2M", rf"registry:{_SERVICES}\Spooler!Start=4"),
    ),
)
"""Server 2022 adds the chapter about services, which is empty before."""

SERVER_2016: Final = amended(SERVER_2019, without=("17.1.2", "17.1.3", *SINCE_2019))
"""Server 2016: without what Server 2019 brought."""

BEFORE_2016: Final = amended(SERVER_2016, without=("2.3.10.11", "17.3.1", "17.5.2", *SINCE_2016))
"""Server 2012 R2, 2012 and 2008 R2: without what Server 2016 brought."""
