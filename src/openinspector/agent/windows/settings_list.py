r"""The only registry values that the agent sends from a Windows host: they hold security settings.

The list maps keys below ``HKEY_LOCAL_MACHINE`` to names of values. The CIS Benchmarks of Windows Server audit them
(account, audit, network, firewall, remote access, TLS and update settings). None of them holds a secret; a test keeps
names of secrets such as DefaultPassword out.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

_CONTROL: Final = r"SYSTEM\CurrentControlSet\Control"
_SERVICES: Final = r"SYSTEM\CurrentControlSet\Services"
_POLICIES: Final = r"SOFTWARE\Policies\Microsoft"
_WINDOWS: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion"

_SERVICE_NAMES: Final = ("LanmanServer", "MpsSvc", "mrxsmb10", "RemoteAccess", "RemoteRegistry", "Spooler", "W32Time")
_PROFILES: Final = ("DomainProfile", "PrivateProfile", "PublicProfile")
_LOCAL_PROFILES: Final = ("DomainProfile", "StandardProfile", "PublicProfile")
_PROFILE_VALUES: Final = (
    "AllowLocalIPsecPolicyMerge",
    "AllowLocalPolicyMerge",
    "DefaultInboundAction",
    "DefaultOutboundAction",
    "DisableNotifications",
    "EnableFirewall",
)
_LOGGING: Final = ("LogDroppedPackets", "LogFilePath", "LogFileSize", "LogSuccessfulConnections")
_LOGS: Final = ("Application", "Security", "Setup", "System")
_PROTOCOLS: Final = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")


def _many() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the keys that exist once for each service, profile, log or protocol."""
    for service in _SERVICE_NAMES:
        yield rf"{_SERVICES}\{service}", ("Start",)
    for profile in _PROFILES:
        yield rf"{_POLICIES}\WindowsFirewall\{profile}", _PROFILE_VALUES
        yield rf"{_POLICIES}\WindowsFirewall\{profile}\Logging", _LOGGING
    for profile in _LOCAL_PROFILES:
        yield rf"{_SERVICES}\SharedAccess\Parameters\FirewallPolicy\{profile}", _PROFILE_VALUES
    for log in _LOGS:
        yield rf"{_POLICIES}\Windows\EventLog\{log}", ("MaxSize", "Retention")
    for protocol in _PROTOCOLS:
        for side in ("Client", "Server"):
            path = rf"{_CONTROL}\SecurityProviders\SCHANNEL\Protocols\{protocol}\{side}"
            yield path, ("Enabled", "DisabledByDefault")


SETTINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        rf"{_CONTROL}\Lsa": (
            "CrashOnAuditFail",
            "DisableDomainCreds",
            "EveryoneIncludesAnonymous",
            "ForceGuest",
            "LimitBlankPasswordUse",
            "LmCompatibilityLevel",
            "NoLMHash",
            "RestrictAnonymous",
            "RestrictAnonymousSAM",
            "RestrictRemoteSAM",
            "RunAsPPL",
            "SCENoApplyLegacyAuditPolicy",
            "SubmitControl",
            "UseMachineId",
        ),
        rf"{_CONTROL}\Lsa\MSV1_0": ("AllowNullSessionFallback", "NTLMMinClientSec", "NTLMMinServerSec"),
        rf"{_CONTROL}\Lsa\pku2u": ("AllowOnlineID",),
        rf"{_CONTROL}\SecurityProviders\WDigest": ("UseLogonCredential",),
        rf"{_CONTROL}\Session Manager": ("ProtectionMode", "SafeDllSearchMode"),
        rf"{_CONTROL}\Session Manager\Kernel": ("DisableExceptionChainValidation", "ObCaseInsensitive"),
        rf"{_CONTROL}\Terminal Server": ("fDenyTSConnections",),
        rf"{_CONTROL}\Terminal Server\WinStations\RDP-Tcp": (
            "MinEncryptionLevel",
            "PortNumber",
            "SecurityLayer",
            "UserAuthentication",
        ),
        rf"{_SERVICES}\LanmanServer\Parameters": (
            "AutoDisconnect",
            "EnableForcedLogOff",
            "EnableSecuritySignature",
            "NullSessionPipes",
            "NullSessionShares",
            "RequireSecuritySignature",
            "RestrictNullSessAccess",
            "SMB1",
            "SMBServerNameHardeningLevel",
        ),
        rf"{_SERVICES}\LanmanWorkstation\Parameters": (
            "EnablePlainTextPassword",
            "EnableSecuritySignature",
            "RequireSecuritySignature",
        ),
        rf"{_SERVICES}\LDAP": ("LDAPClientIntegrity",),
        rf"{_SERVICES}\Netlogon\Parameters": (
            "DisablePasswordChange",
            "MaximumPasswordAge",
            "RefusePasswordChange",
            "RequireSignOrSeal",
            "RequireStrongKey",
            "SealSecureChannel",
            "SignSecureChannel",
        ),
        rf"{_SERVICES}\NTDS\Parameters": ("LDAPServerIntegrity",),
        rf"{_CONTROL}\Print\Providers\LanMan Print Services\Servers": ("AddPrinterDrivers",),
        rf"{_SERVICES}\NetBT\Parameters": ("NodeType", "NoNameReleaseOnDemand"),
        rf"{_SERVICES}\Tcpip\Parameters": ("DisableIPSourceRouting", "EnableICMPRedirect"),
        rf"{_SERVICES}\Tcpip6\Parameters": ("DisableIPSourceRouting",),
        rf"{_WINDOWS}\Policies\Explorer": ("NoAutorun", "NoDriveTypeAutoRun"),
        rf"{_WINDOWS}\Policies\System": (
            "ConsentPromptBehaviorAdmin",
            "ConsentPromptBehaviorUser",
            "DisableCAD",
            "DontDisplayLastUserName",
            "EnableInstallerDetection",
            "EnableLUA",
            "EnableSecureUIAPaths",
            "EnableUIADesktopToggle",
            "EnableVirtualization",
            "FilterAdministratorToken",
            "InactivityTimeoutSecs",
            "LegalNoticeCaption",
            "LegalNoticeText",
            "LocalAccountTokenFilterPolicy",
            "MaxDevicePasswordFailedAttempts",
            "NoConnectedUser",
            "PromptOnSecureDesktop",
            "ShutdownWithoutLogon",
        ),
        r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon": (
            "AllocateDASD",
            "AutoAdminLogon",
            "CachedLogonsCount",
            "ForceUnlockLogon",
            "PasswordExpiryWarning",
            "ScRemoveOption",
        ),
        rf"{_POLICIES}\Windows NT\DNSClient": ("EnableMulticast",),
        rf"{_POLICIES}\Windows NT\Terminal Services": (
            "DisablePasswordSaving",
            "fDenyTSConnections",
            "fDisableCdm",
            "fEncryptRPCTraffic",
            "fPromptForPassword",
            "MaxDisconnectionTime",
            "MaxIdleTime",
            "MinEncryptionLevel",
            "SecurityLayer",
            "UserAuthentication",
        ),
        rf"{_POLICIES}\Windows\Explorer": ("NoAutoplayfornonVolume", "NoDataExecutionPrevention"),
        rf"{_POLICIES}\Windows\Installer": ("AlwaysInstallElevated",),
        rf"{_POLICIES}\Windows\PowerShell\ScriptBlockLogging": ("EnableScriptBlockLogging",),
        rf"{_POLICIES}\Windows\PowerShell\Transcription": ("EnableTranscripting",),
        rf"{_POLICIES}\Windows\WindowsUpdate\AU": ("AUOptions", "NoAutoUpdate", "ScheduledInstallDay"),
        rf"{_POLICIES}\Windows\WinRM\Client": ("AllowBasic", "AllowDigest", "AllowUnencryptedTraffic"),
        rf"{_POLICIES}\Windows\WinRM\Service": ("AllowBasic", "AllowUnencryptedTraffic", "DisableRunAs"),
        rf"{_POLICIES}\Windows Defender": ("DisableAntiSpyware",),
        rf"{_POLICIES}\Windows Defender\Real-Time Protection": ("DisableRealtimeMonitoring",),
        **dict(_many()),
    }
)
