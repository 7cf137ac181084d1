r"""Windows Server: chapters 1, 2.3, 9 and 17 of the benchmarks that Inspector Classic had (F5.32 to F5.35).

One table serves all releases; numbers are those of Server 2016 v1.1.0. They and the values were not compared with the
publications, which are not among the project's data. User rights (2.2), services (5) and administrative templates (18,
19) are not here: one row for each says so on every host.

``registry:KEY!VALUE=EXPECTATION``; a ``?`` before the expectation: an absent value meets it. `SETTINGS` of the agent
holds every value that is named here (a test compares them).
"""

from typing import Final

from openinspector.cis.table import Row, amended

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


_AUDIT: Final = (
    ("17.1.1", "1", "Credential Validation"),
    ("17.2.1", "1", "Application Group Management"),
    ("17.2.2", "1", "Computer Account Management"),
    ("17.2.3", "1D", "Distribution Group Management"),
    ("17.2.4", "1", "Other Account Management Events"),
    ("17.2.5", "1", "Security Group Management"),
    ("17.2.6", "1", "User Account Management"),
    ("17.3.1", "1", "PNP Activity"),
    ("17.3.2", "1", "Process Creation"),
    ("17.4.1", "1D", "Directory Service Access"),
    ("17.4.2", "1D", "Directory Service Changes"),
    ("17.5.1", "1", "Account Lockout"),
    ("17.5.2", "1", "Group Membership"),
    ("17.5.3", "1", "Logoff"),
    ("17.5.4", "1", "Logon"),
    ("17.5.5", "1", "Other Logon/Logoff Events"),
    ("17.5.6", "1", "Special Logon"),
    ("17.6.1", "1", "Removable Storage"),
    ("17.7.1", "1", "Audit Policy Change"),
    ("17.7.2", "1", "Authentication Policy Change"),
    ("17.7.3", "1", "Authorization Policy Change"),
    ("17.8.1", "1", "Sensitive Privilege Use"),
    ("17.9.1", "1", "IPsec Driver"),
    ("17.9.2", "1", "Other System Events"),
    ("17.9.3", "1", "Security State Change"),
    ("17.9.4", "1", "Security System Extension"),
    ("17.9.5", "1", "System Integrity"),
)

SERVER_2016: Final[tuple[Row, ...]] = (
    ("1.1.1", "1", "policy:PasswordHistorySize=>=24"),
    ("1.1.2", "1", "policy:MaximumPasswordAge=1..60"),
    ("1.1.3", "1", "policy:MinimumPasswordAge=>=1"),
    ("1.1.4", "1", "policy:MinimumPasswordLength=>=14"),
    ("1.1.5", "1", "policy:PasswordComplexity=1"),
    ("1.1.6", "1", "policy:ClearTextPassword=0"),
    ("1.2.1", "1", "policy:LockoutDuration=>=15"),
    ("1.2.2", "1", "policy:LockoutBadCount=1..10"),
    ("1.2.3", "1", "policy:ResetLockoutCount=>=15"),
    ("2.2", "1", "unread:User rights"),
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
    ("2.3.10.9", "1", f"registry:{_SERVER}!RestrictNullSessAccess=?1"),
    ("2.3.10.10", "1M", f"registry:{_LSA}!RestrictRemoteSAM=O:BAG:BAD:(A;;RC;;;BA)"),
    ("2.3.10.12", "1", f"registry:{_LSA}!ForceGuest=?0"),
    ("2.3.11.1", "1", f"registry:{_LSA}!UseMachineId=1"),
    ("2.3.11.2", "1", f"registry:{_NTLM}!AllowNullSessionFallback=?0"),
    ("2.3.11.3", "1", rf"registry:{_LSA}\pku2u!AllowOnlineID=0"),
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
    ("5", "1", "unread:Services"),
    *_profile("9.1", "DomainProfile", "domain"),
    *_profile("9.2", "PrivateProfile", "private"),
    *_profile("9.3", "PublicProfile", "public"),
    *((number, profiles, f"unread:The audit subcategory {name}") for number, profiles, name in _AUDIT),
    ("18", "1", "unread:Administrative templates of the computer"),
    ("18.8.5", "1N", "unread:Virtualization-based security"),
    ("19", "1", "unread:Administrative templates of users"),
)
"""Server 2016 v1.1.0, and what Server 2019 and 2022 share with it."""

BEFORE_2016: Final = amended(SERVER_2016, without=("2.3.10.10", "17.3.1", "17.5.2", "18.8.5"))
"""Server 2012 R2, 2012 and 2008 R2: without what Server 2016 brought."""
