r"""Windows Server, chapter 18: administrative templates of the computer, as `tables/windows.py` writes rows.

A value that group policy does not set is absent. Where Windows then does what is asked, ``?`` accepts that; an audit
that asks for the policy itself is stricter.
"""

from typing import Final

from openinspector.cis.table import Row

_P: Final = r"SOFTWARE\Policies\Microsoft"
_W: Final = rf"{_P}\Windows"
_NT: Final = rf"{_P}\Windows NT"
_TS: Final = rf"{_NT}\Terminal Services"
_DEFENDER: Final = rf"{_P}\Windows Defender"
_GUARD: Final = rf"{_DEFENDER}\Windows Defender Exploit Guard"
_DEVICE_GUARD: Final = rf"{_W}\DeviceGuard"
_LAPS: Final = r"SOFTWARE\Policies\Microsoft Services\AdmPwd"
_CV: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies"
_SYSTEM: Final = rf"{_CV}\System"
_EXPLORER: Final = rf"{_CV}\Explorer"
_WINLOGON: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
_CONTROL: Final = r"SYSTEM\CurrentControlSet\Control"
_SERVICES: Final = r"SYSTEM\CurrentControlSet\Services"
_TCPIP: Final = rf"{_SERVICES}\Tcpip\Parameters"
_TCPIP6: Final = rf"{_SERVICES}\Tcpip6\Parameters"
_SECURITY_POLICIES: Final = rf"{_W}\Group Policy\{{35378EAC-683F-11D2-A89A-00C04FBBCFA2}}"
_UPDATE: Final = rf"{_W}\WindowsUpdate"
_HARDENED: Final = "|".join(
    f"{first}=1,{space}{second}=1"
    for first, second in (
        ("RequireMutualAuthentication", "RequireIntegrity"),
        ("RequireIntegrity", "RequireMutualAuthentication"),
    )
    for space in (" ", "")
)
_WAKE: Final = rf"{_P}\Power\PowerSettings\0e796bdb-100d-47d6-a2d5-f7d2daa51f51"
_STANDBY: Final = rf"{_P}\Power\PowerSettings\f15576e8-98b7-4186-b944-eafa664402d9"

_ATTACK_SURFACE: Final = (
    "26190899-1602-49e8-8b27-eb1d0a1ce869",
    "3b576869-a4ec-4529-8536-b80a7769e899",
    "5beb7efe-fd9a-4556-801d-275e5ffc04cc",
    "75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84",
    "7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c",
    "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b",
    "9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2",
    "b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4",
    "be9ba2d9-53ea-4cdc-84e5-9b1eeee46550",
    "d3e037e1-3eb8-44c8-a917-57927947596d",
    "d4f940ab-401b-4efc-aadc-ad5f3c50688a",
    "e6db77e5-3df2-4cf1-b95a-636979351e5b",
)
"""Rules of attack surface reduction."""


def _all(key: str, *wanted: str) -> tuple[str, ...]:
    return tuple(f"registry:{key}!{value}" for value in wanted)


TEMPLATES: Final[tuple[Row, ...]] = (
    ("18.1.1.1", "1", *_all(rf"{_W}\Personalization", "NoLockScreenCamera=1")),
    ("18.1.1.2", "1", *_all(rf"{_W}\Personalization", "NoLockScreenSlideshow=1")),
    ("18.1.2.2", "1", *_all(rf"{_P}\InputPersonalization", "AllowInputPersonalization=0")),
    ("18.1.3", "2", *_all(_EXPLORER, "AllowOnlineTips=0")),
    (
        "18.2.1",
        "1M",
        *_all(
            rf"{_WINLOGON}\GPExtensions\{{D76B9641-3288-4f75-942D-087DE603E3EA}}",
            r"DllName=C:\Program Files\LAPS\CSE\AdmPwd.dll",
        ),
    ),
    ("18.2.2", "1M", *_all(_LAPS, "PwdExpirationProtectionEnabled=1")),
    ("18.2.3", "1M", *_all(_LAPS, "AdmPwdEnabled=1")),
    ("18.2.4", "1M", *_all(_LAPS, "PasswordComplexity=4")),
    ("18.2.5", "1M", *_all(_LAPS, "PasswordLength=>=15")),
    ("18.2.6", "1M", *_all(_LAPS, "PasswordAgeDays=<=30")),
    ("18.3.1", "1M", *_all(_SYSTEM, "LocalAccountTokenFilterPolicy=?0")),
    ("18.3.2", "1", *_all(rf"{_SERVICES}\mrxsmb10", "Start=?4")),
    ("18.3.3", "1", *_all(rf"{_SERVICES}\LanmanServer\Parameters", "SMB1=0")),
    ("18.3.4", "1", *_all(rf"{_CONTROL}\Session Manager\Kernel", "DisableExceptionChainValidation=?0")),
    ("18.3.5", "1", *_all(rf"{_SERVICES}\NetBT\Parameters", "NodeType=2")),
    ("18.3.6", "1", *_all(rf"{_CONTROL}\SecurityProviders\WDigest", "UseLogonCredential=0")),
    ("18.4.1", "1", *_all(_WINLOGON, "AutoAdminLogon=?0")),
    ("18.4.2", "1", *_all(_TCPIP6, "DisableIPSourceRouting=2")),
    ("18.4.3", "1", *_all(_TCPIP, "DisableIPSourceRouting=2")),
    ("18.4.4", "1", *_all(_TCPIP, "EnableICMPRedirect=0")),
    ("18.4.5", "2", *_all(_TCPIP, "KeepAliveTime=<=300000")),
    ("18.4.6", "1", *_all(rf"{_SERVICES}\NetBT\Parameters", "NoNameReleaseOnDemand=1")),
    ("18.4.7", "2", *_all(_TCPIP, "PerformRouterDiscovery=0")),
    ("18.4.8", "1", *_all(rf"{_CONTROL}\Session Manager", "SafeDllSearchMode=?1")),
    ("18.4.9", "1", *_all(_WINLOGON, "ScreenSaverGracePeriod=?<=5")),
    ("18.4.10", "2", *_all(_TCPIP6, "TcpMaxDataRetransmissions=<=3")),
    ("18.4.11", "2", *_all(_TCPIP, "TcpMaxDataRetransmissions=<=3")),
    ("18.4.12", "1", *_all(rf"{_SERVICES}\Eventlog\Security", "WarningLevel=1..90")),
    ("18.5.4.1", "1", *_all(rf"{_NT}\DNSClient", "EnableMulticast=0")),
    ("18.5.5.1", "2", *_all(rf"{_W}\System", "EnableFontProviders=0")),
    ("18.5.8.1", "1", *_all(rf"{_W}\LanmanWorkstation", "AllowInsecureGuestAuth=0")),
    (
        "18.5.9.1",
        "2",
        "title:LLTDIO of link-layer topology discovery is off",
        *_all(
            rf"{_W}\LLTD",
            *(
                f"{name}=?0"
                for name in (
                    "AllowLLTDIOOndomain",
                    "AllowLLTDIOOnPublicNet",
                    "EnableLLTDIO",
                    "ProhibitLLTDIOOnPrivateNet",
                )
            ),
        ),
    ),
    (
        "18.5.9.2",
        "2",
        "title:RSPNDR of link-layer topology discovery is off",
        *_all(
            rf"{_W}\LLTD",
            *(
                f"{name}=?0"
                for name in (
                    "AllowRspndrOnDomain",
                    "AllowRspndrOnPublicNet",
                    "EnableRspndr",
                    "ProhibitRspndrOnPrivateNet",
                )
            ),
        ),
    ),
    ("18.5.10.2", "2", *_all(rf"{_P}\Peernet", "Disabled=1")),
    ("18.5.11.2", "1", *_all(rf"{_W}\Network Connections", "NC_AllowNetBridge_NLA=0")),
    ("18.5.11.3", "1", *_all(rf"{_W}\Network Connections", "NC_ShowSharedAccessUI=0")),
    ("18.5.11.4", "1", *_all(rf"{_W}\Network Connections", "NC_StdDomainUserSetLocation=1")),
    (
        "18.5.14.1",
        "1",
        "title:UNC paths of SYSVOL and NETLOGON are hardened",
        *_all(
            rf"{_W}\NetworkProvider\HardenedPaths",
            rf"\\*\NETLOGON={_HARDENED}",
            rf"\\*\SYSVOL={_HARDENED}",
        ),
    ),
    ("18.5.19.2.1", "2", *_all(_TCPIP6, "DisabledComponents=255")),
    (
        "18.5.20.1",
        "2",
        "title:Windows Connect Now is off",
        *_all(
            rf"{_W}\WCN\Registrars",
            "EnableRegistrars=0",
            "DisableUPnPRegistrar=0",
            "DisableInBand802DOT11Registrar=0",
            "DisableFlashConfigRegistrar=0",
            "DisableWPDRegistrar=0",
        ),
    ),
    ("18.5.20.2", "2", *_all(rf"{_W}\WCN\UI", "DisableWcnUi=1")),
    ("18.5.21.1", "1", *_all(rf"{_W}\WcmSvc\GroupPolicy", "fMinimizeConnections=3")),
    ("18.5.21.2", "2M", *_all(rf"{_W}\WcmSvc\GroupPolicy", "fBlockNonDomain=1")),
    ("18.7.1.1", "2", *_all(rf"{_W}\CurrentVersion\PushNotifications", "NoCloudApplicationNotification=1")),
    ("18.8.4.1", "1", *_all(rf"{_SYSTEM}\CredSSP\Parameters", "AllowEncryptionOracle=?0")),
    ("18.8.4.2", "1", *_all(rf"{_W}\CredentialsDelegation", "AllowProtectedCreds=1")),
    ("18.8.5.1", "1N", *_all(_DEVICE_GUARD, "EnableVirtualizationBasedSecurity=1")),
    ("18.8.5.2", "1N", *_all(_DEVICE_GUARD, "RequirePlatformSecurityFeatures=3")),
    ("18.8.5.3", "1N", *_all(_DEVICE_GUARD, "HypervisorEnforcedCodeIntegrity=1")),
    ("18.8.5.4", "1N", *_all(_DEVICE_GUARD, "HVCIMATRequired=1")),
    ("18.8.5.5", "1N", *_all(_DEVICE_GUARD, "LsaCfgFlags=1")),
    ("18.8.5.7", "1N", *_all(_DEVICE_GUARD, "ConfigureSystemGuardLaunch=1")),
    ("18.8.14.1", "1", *_all(r"SYSTEM\CurrentControlSet\Policies\EarlyLaunch", "DriverLoadPolicy=?3")),
    ("18.8.21.2", "1", *_all(_SECURITY_POLICIES, "NoBackgroundPolicy=0")),
    ("18.8.21.3", "1", *_all(_SECURITY_POLICIES, "NoGPOListChanges=0")),
    ("18.8.21.4", "1", *_all(rf"{_W}\System", "EnableCdp=0")),
    ("18.8.21.5", "1", *_all(_SYSTEM, "DisableBkGndGroupPolicy=?0")),
    ("18.8.22.1.1", "1", *_all(rf"{_NT}\Printers", "DisableWebPnPDownload=1")),
    ("18.8.22.1.2", "2", *_all(rf"{_W}\TabletPC", "PreventHandwritingDataSharing=1")),
    ("18.8.22.1.3", "2", *_all(rf"{_W}\HandwritingErrorReports", "PreventHandwritingErrorReports=1")),
    ("18.8.22.1.4", "2", *_all(rf"{_W}\Internet Connection Wizard", "ExitOnMSICW=1")),
    ("18.8.22.1.5", "1", *_all(_EXPLORER, "NoWebServices=1")),
    ("18.8.22.1.6", "2", *_all(rf"{_NT}\Printers", "DisableHTTPPrinting=1")),
    ("18.8.22.1.7", "2", *_all(rf"{_W}\Registration Wizard Control", "NoRegistration=1")),
    ("18.8.22.1.8", "2", *_all(rf"{_P}\SearchCompanion", "DisableContentFileUpdates=1")),
    ("18.8.22.1.9", "2", *_all(_EXPLORER, "NoOnlinePrintsWizard=1")),
    ("18.8.22.1.10", "2", *_all(_EXPLORER, "NoPublishingWizard=1")),
    ("18.8.22.1.11", "2", *_all(rf"{_P}\Messenger\Client", "CEIP=2")),
    ("18.8.22.1.12", "2", *_all(rf"{_P}\SQMClient\Windows", "CEIPEnable=0")),
    (
        "18.8.22.1.13",
        "2",
        "title:Windows Error Reporting is off",
        *_all(rf"{_P}\PCHealth\ErrorReporting", "DoReport=0"),
        *_all(rf"{_W}\Windows Error Reporting", "Disabled=1"),
    ),
    (
        "18.8.25.1",
        "2",
        *_all(rf"{_SYSTEM}\kerberos\parameters", "DevicePKInitBehavior=?0", "DevicePKInitEnabled=?1"),
    ),
    ("18.8.26.1", "1", *_all(rf"{_W}\Kernel DMA Protection", "DeviceEnumerationPolicy=0")),
    ("18.8.27.1", "2", *_all(rf"{_P}\Control Panel\International", "BlockUserInputMethodsForSignIn=1")),
    ("18.8.28.1", "1", *_all(rf"{_W}\System", "BlockUserFromShowingAccountDetailsOnSignin=1")),
    ("18.8.28.2", "1", *_all(rf"{_W}\System", "DontDisplayNetworkSelectionUI=1")),
    ("18.8.28.3", "1", *_all(rf"{_W}\System", "DontEnumerateConnectedUsers=1")),
    ("18.8.28.4", "1M", *_all(rf"{_W}\System", "EnumerateLocalUsers=?0")),
    ("18.8.28.5", "1", *_all(rf"{_W}\System", "DisableLockScreenAppNotifications=1")),
    ("18.8.28.6", "1", *_all(rf"{_W}\System", "BlockDomainPicturePassword=1")),
    ("18.8.28.7", "1", *_all(rf"{_W}\System", "AllowDomainPINLogon=?0")),
    ("18.8.31.1", "2", *_all(rf"{_W}\System", "AllowCrossDeviceClipboard=0")),
    ("18.8.31.2", "2", *_all(rf"{_W}\System", "UploadUserActivities=0")),
    ("18.8.34.6.1", "2", *_all(_STANDBY, "DCSettingIndex=0")),
    ("18.8.34.6.2", "2", *_all(_STANDBY, "ACSettingIndex=0")),
    ("18.8.34.6.3", "1", *_all(_WAKE, "DCSettingIndex=?1")),
    ("18.8.34.6.4", "1", *_all(_WAKE, "ACSettingIndex=?1")),
    ("18.8.36.1", "1", *_all(_TS, "fAllowUnsolicited=?0")),
    ("18.8.36.2", "1", *_all(_TS, "fAllowToGetHelp=0")),
    ("18.8.37.1", "1M", *_all(rf"{_NT}\Rpc", "EnableAuthEpResolution=1")),
    ("18.8.37.2", "2M", *_all(rf"{_NT}\Rpc", "RestrictRemoteClients=1")),
    ("18.8.47.5.1", "2", *_all(rf"{_W}\ScriptedDiagnosticsProvider\Policy", "DisableQueryRemoteServer=0")),
    ("18.8.47.11.1", "2", *_all(rf"{_W}\WDI\{{9c5a40da-b965-4fc3-8781-88dd50a6299d}}", "ScenarioExecutionEnabled=0")),
    ("18.8.49.1", "2", *_all(rf"{_W}\AdvertisingInfo", "DisabledByGroupPolicy=1")),
    ("18.8.52.1.1", "2", *_all(rf"{_P}\W32time\TimeProviders\NtpClient", "Enabled=1")),
    ("18.8.52.1.2", "2M", *_all(rf"{_P}\W32time\TimeProviders\NtpServer", "Enabled=?0")),
    ("18.9.4.1", "2", *_all(rf"{_W}\CurrentVersion\AppModel\StateManager", "AllowSharedLocalAppData=?0")),
    ("18.9.6.1", "1", *_all(_SYSTEM, "MSAOptional=1")),
    ("18.9.8.1", "1", *_all(rf"{_W}\Explorer", "NoAutoplayfornonVolume=1")),
    ("18.9.8.2", "1", *_all(_EXPLORER, "NoAutorun=1")),
    ("18.9.8.3", "1", *_all(_EXPLORER, "NoDriveTypeAutoRun=255")),
    ("18.9.10.1.1", "1", *_all(rf"{_P}\Biometrics\FacialFeatures", "EnhancedAntiSpoofing=1")),
    ("18.9.12.1", "2", *_all(rf"{_P}\Camera", "AllowCamera=0")),
    ("18.9.13.1", "2", *_all(rf"{_W}\CloudContent", "DisableCloudOptimizedContent=1")),
    ("18.9.13.2", "1", *_all(rf"{_W}\CloudContent", "DisableWindowsConsumerFeatures=1")),
    ("18.9.14.1", "1", *_all(rf"{_W}\Connect", "RequirePinForPairing=1|2")),
    ("18.9.15.1", "1", *_all(rf"{_W}\CredUI", "DisablePasswordReveal=1")),
    ("18.9.15.2", "1", *_all(rf"{_CV}\CredUI", "EnumerateAdministrators=0")),
    ("18.9.16.1", "1", *_all(rf"{_W}\DataCollection", "AllowTelemetry=<=1")),
    ("18.9.16.2", "2", *_all(rf"{_W}\DataCollection", "DisableEnterpriseAuthProxy=1")),
    ("18.9.16.3", "1", *_all(rf"{_W}\DataCollection", "DoNotShowFeedbackNotifications=1")),
    ("18.9.16.4", "1", *_all(rf"{_W}\PreviewBuilds", "AllowBuildPreview=0")),
    *(
        (f"18.9.26.{chapter}.{number}", "1", *_all(rf"{_W}\EventLog\{log}", wanted))
        for chapter, log, size in (
            (1, "Application", 32_768),
            (2, "Security", 196_608),
            (3, "Setup", 32_768),
            (4, "System", 32_768),
        )
        for number, wanted in ((1, "Retention=?0"), (2, f"MaxSize=>={size}"))
    ),
    ("18.9.30.2", "1", *_all(rf"{_W}\Explorer", "NoDataExecutionPrevention=?0")),
    ("18.9.30.3", "1", *_all(rf"{_W}\Explorer", "NoHeapTerminationOnCorruption=?0")),
    ("18.9.30.4", "1", *_all(_EXPLORER, "PreXPSP2ShellProtocolBehavior=?0")),
    ("18.9.39.1", "2", *_all(rf"{_W}\LocationAndSensors", "DisableLocation=1")),
    ("18.9.43.1", "2", *_all(rf"{_W}\Messaging", "AllowMessageSync=0")),
    ("18.9.44.1", "1", *_all(rf"{_P}\MicrosoftAccount", "DisableUserAuth=1")),
    ("18.9.45.3.1", "1", *_all(rf"{_DEFENDER}\Spynet", "LocalSettingOverrideSpynetReporting=?0")),
    ("18.9.45.3.2", "2", *_all(rf"{_DEFENDER}\Spynet", "SpynetReporting=0")),
    ("18.9.45.4.1.1", "1", *_all(rf"{_GUARD}\ASR", "ExploitGuard_ASR_Rules=1")),
    (
        "18.9.45.4.1.2",
        "1",
        "title:The rules of attack surface reduction block",
        *_all(rf"{_GUARD}\ASR\Rules", *(f"{rule}=1" for rule in _ATTACK_SURFACE)),
    ),
    ("18.9.45.4.3.1", "1", *_all(rf"{_GUARD}\Network Protection", "EnableNetworkProtection=1")),
    ("18.9.45.5.1", "2", *_all(rf"{_DEFENDER}\MpEngine", "EnableFileHashComputation=1")),
    ("18.9.45.8.1", "1", *_all(rf"{_DEFENDER}\Real-Time Protection", "DisableIOAVProtection=?0")),
    ("18.9.45.8.2", "1", *_all(rf"{_DEFENDER}\Real-Time Protection", "DisableRealtimeMonitoring=?0")),
    ("18.9.45.8.3", "1", *_all(rf"{_DEFENDER}\Real-Time Protection", "DisableBehaviorMonitoring=?0")),
    ("18.9.45.10.1", "2", *_all(rf"{_DEFENDER}\Reporting", "DisableGenericRePorts=1")),
    ("18.9.45.11.1", "1", *_all(rf"{_DEFENDER}\Scan", "DisableRemovableDriveScanning=0")),
    ("18.9.45.11.2", "1", *_all(rf"{_DEFENDER}\Scan", "DisableEmailScanning=0")),
    ("18.9.45.14", "1", *_all(_DEFENDER, "PUAProtection=1")),
    ("18.9.45.15", "1", *_all(_DEFENDER, "DisableAntiSpyware=?0")),
    ("18.9.55.1", "1", *_all(rf"{_W}\OneDrive", "DisableFileSyncNGSC=1")),
    ("18.9.62.2.2", "1", *_all(_TS, "DisablePasswordSaving=1")),
    ("18.9.62.3.2.1", "2", *_all(_TS, "fSingleSessionPerUser=?1")),
    ("18.9.62.3.3.1", "2", *_all(_TS, "fDisableCcm=1")),
    ("18.9.62.3.3.2", "1", *_all(_TS, "fDisableCdm=1")),
    ("18.9.62.3.3.3", "2", *_all(_TS, "fDisableLPT=1")),
    ("18.9.62.3.3.4", "2", *_all(_TS, "fDisablePNPRedir=1")),
    ("18.9.62.3.9.1", "1", *_all(_TS, "fPromptForPassword=1")),
    ("18.9.62.3.9.2", "1", *_all(_TS, "fEncryptRPCTraffic=1")),
    ("18.9.62.3.9.3", "1", *_all(_TS, "SecurityLayer=2")),
    ("18.9.62.3.9.4", "1", *_all(_TS, "UserAuthentication=1")),
    ("18.9.62.3.9.5", "1", *_all(_TS, "MinEncryptionLevel=3")),
    ("18.9.62.3.10.1", "2", *_all(_TS, "MaxIdleTime=1..900000")),
    ("18.9.62.3.10.2", "2", *_all(_TS, "MaxDisconnectionTime=60000")),
    ("18.9.62.3.11.1", "1", *_all(_TS, "DeleteTempDirsOnExit=?1")),
    ("18.9.62.3.11.2", "1", *_all(_TS, "PerSessionTempDir=?1")),
    ("18.9.63.1", "1", *_all(rf"{_P}\Internet Explorer\Feeds", "DisableEnclosureDownload=1")),
    ("18.9.64.2", "2", *_all(rf"{_W}\Windows Search", "AllowCloudSearch=0")),
    ("18.9.64.3", "1", *_all(rf"{_W}\Windows Search", "AllowIndexingEncryptedStoresOrItems=?0")),
    ("18.9.69.1", "2", *_all(rf"{_NT}\CurrentVersion\Software Protection Platform", "NoGenTicket=1")),
    (
        "18.9.80.1.1",
        "1",
        *_all(rf"{_W}\System", "EnableSmartScreen=1", "ShellSmartScreenLevel=Block"),
    ),
    ("18.9.84.1", "2", *_all(rf"{_P}\WindowsInkWorkspace", "AllowSuggestedAppsInWindowsInkWorkspace=0")),
    ("18.9.84.2", "1", *_all(rf"{_P}\WindowsInkWorkspace", "AllowWindowsInkWorkspace=<=1")),
    ("18.9.85.1", "1", *_all(rf"{_W}\Installer", "EnableUserControl=?0")),
    ("18.9.85.2", "1", *_all(rf"{_W}\Installer", "AlwaysInstallElevated=?0")),
    ("18.9.85.3", "2", *_all(rf"{_W}\Installer", "SafeForScripting=?0")),
    ("18.9.86.1", "1", *_all(_SYSTEM, "DisableAutomaticRestartSignOn=1")),
    ("18.9.97.1.1", "1", *_all(rf"{_W}\WinRM\Client", "AllowBasic=0")),
    ("18.9.97.1.2", "1", *_all(rf"{_W}\WinRM\Client", "AllowUnencryptedTraffic=?0")),
    ("18.9.97.1.3", "1", *_all(rf"{_W}\WinRM\Client", "AllowDigest=0")),
    ("18.9.97.2.1", "1", *_all(rf"{_W}\WinRM\Service", "AllowBasic=?0")),
    ("18.9.97.2.2", "2", *_all(rf"{_W}\WinRM\Service", "AllowAutoConfig=?0")),
    ("18.9.97.2.3", "1", *_all(rf"{_W}\WinRM\Service", "AllowUnencryptedTraffic=?0")),
    ("18.9.97.2.4", "1", *_all(rf"{_W}\WinRM\Service", "DisableRunAs=1")),
    ("18.9.98.1", "2", *_all(rf"{_W}\WinRM\Service\WinRS", "AllowRemoteShellAccess=0")),
    (
        "18.9.99.2.1",
        "1",
        *_all(
            rf"{_P}\Windows Defender Security Center\App and Browser protection",
            "DisallowExploitProtectionOverride=1",
        ),
    ),
    (
        "18.9.102.1.1",
        "1",
        *_all(_UPDATE, "ManagePreviewBuilds=1", "ManagePreviewBuildsPolicyValue=0"),
    ),
    (
        "18.9.102.1.2",
        "1",
        "title:Feature updates are deferred by 180 days or more",
        *_all(_UPDATE, "DeferFeatureUpdates=1", "BranchReadinessLevel=16", "DeferFeatureUpdatesPeriodInDays=>=180"),
    ),
    (
        "18.9.102.1.3",
        "1",
        *_all(_UPDATE, "DeferQualityUpdates=1", "DeferQualityUpdatesPeriodInDays=0"),
    ),
    ("18.9.102.2", "1", *_all(rf"{_UPDATE}\AU", "NoAutoUpdate=0")),
    ("18.9.102.3", "1", *_all(rf"{_UPDATE}\AU", "ScheduledInstallDay=0")),
    ("18.9.102.4", "1", *_all(rf"{_UPDATE}\AU", "NoAutoRebootWithLoggedOnUsers=0")),
)
"""Server 2019. Not here: 18.8.3.1, 18.9.95.1 and 18.9.95.2, which later versions ask for the other way round."""

_DESKTOP: Final = rf"{_W}\Control Panel\Desktop"
_SPOTLIGHT: Final = rf"{_W}\CloudContent"

USER_TEMPLATES: Final[tuple[Row, ...]] = (
    ("19.1.3.1", "1", f"user:{_DESKTOP}!ScreenSaveActive=1"),
    ("19.1.3.2", "1", f"user:{_DESKTOP}!ScreenSaverIsSecure=1"),
    ("19.1.3.3", "1", f"user:{_DESKTOP}!ScreenSaveTimeOut=1..900"),
    ("19.5.1.1", "1", rf"user:{_W}\CurrentVersion\PushNotifications!NoToastApplicationNotificationOnLockScreen=1"),
    ("19.6.6.1.1", "2", rf"user:{_P}\Assistance\Client\1.0!NoImplicitFeedback=1"),
    ("19.7.4.1", "1", rf"user:{_CV}\Attachments!SaveZoneInformation=?2"),
    ("19.7.4.2", "1", rf"user:{_CV}\Attachments!ScanWithAntiVirus=3"),
    ("19.7.8.1", "1", f"user:{_SPOTLIGHT}!ConfigureWindowsSpotlight=2"),
    ("19.7.8.2", "1", f"user:{_SPOTLIGHT}!DisableThirdPartySuggestions=1"),
    ("19.7.8.3", "2", f"user:{_SPOTLIGHT}!DisableTailoredExperiencesWithDiagnosticData=1"),
    ("19.7.8.4", "2", f"user:{_SPOTLIGHT}!DisableWindowsSpotlightFeatures=1"),
    ("19.7.28.1", "1", f"user:{_EXPLORER}!NoInplaceSharing=1"),
    ("19.7.43.1", "1", rf"user:{_W}\Installer!AlwaysInstallElevated=?0"),
    ("19.7.47.2.1", "2", rf"user:{_P}\WindowsMediaPlayer!PreventCodecDownload=1"),
)
"""Chapter 19, of every user who is signed in. Its numbers and values were compared with nothing."""

SINCE_2019: Final = (
    "18.1.3",
    "18.8.5.4",
    "18.8.5.7",
    "18.8.26.1",
    "18.8.31.1",
    "18.9.13.1",
    "18.9.16.2",
    "18.9.45.4.1.1",
    "18.9.45.4.1.2",
    "18.9.45.4.3.1",
    "18.9.99.2.1",
)
"""Controls of what Server 2019 brought."""

SINCE_2016: Final = (
    "18.1.2.2",
    "18.5.5.1",
    "18.5.8.1",
    "18.8.4.2",
    "18.8.5.1",
    "18.8.5.2",
    "18.8.5.3",
    "18.8.5.5",
    "18.8.21.4",
    "18.8.28.1",
    "18.8.31.2",
    "18.9.10.1.1",
    "18.9.12.1",
    "18.9.13.2",
    "18.9.14.1",
    "18.9.16.3",
    "18.9.16.4",
    "18.9.43.1",
    "18.9.64.2",
    "18.9.84.1",
    "18.9.84.2",
    "18.9.102.1.1",
    "18.9.102.1.2",
    "18.9.102.1.3",
    "19.7.8.1",
    "19.7.8.2",
    "19.7.8.3",
    "19.7.8.4",
)
"""Controls of what Server 2016 brought."""
