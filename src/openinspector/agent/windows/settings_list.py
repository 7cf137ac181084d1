r"""The only registry values that the agent sends from a Windows host: they hold security settings.

The list maps keys below ``HKEY_LOCAL_MACHINE`` to names of values: those that the CIS rules judge, and some that only
describe the host. None of them holds a secret; a test keeps names of secrets such as DefaultPassword out.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from openinspector.agent.windows.rule_settings import RULE_SETTINGS

_CONTROL: Final = r"SYSTEM\CurrentControlSet\Control"
_SERVICES: Final = r"SYSTEM\CurrentControlSet\Services"
_POLICIES: Final = r"SOFTWARE\Policies\Microsoft"

_SERVICE_NAMES: Final = ("LanmanServer", "MpsSvc", "RemoteAccess", "RemoteRegistry", "W32Time")
_LOCAL_PROFILES: Final = ("DomainProfile", "StandardProfile", "PublicProfile")
_PROFILE_VALUES: Final = (
    "AllowLocalIPsecPolicyMerge",
    "AllowLocalPolicyMerge",
    "DefaultInboundAction",
    "DefaultOutboundAction",
    "DisableNotifications",
    "EnableFirewall",
)
_PROTOCOLS: Final = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")


def _described() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what no rule judges."""
    yield rf"{_CONTROL}\Lsa", ("RunAsPPL",)
    yield rf"{_CONTROL}\Terminal Server", ("fDenyTSConnections",)
    yield (
        rf"{_CONTROL}\Terminal Server\WinStations\RDP-Tcp",
        ("MinEncryptionLevel", "PortNumber", "SecurityLayer", "UserAuthentication"),
    )
    yield rf"{_POLICIES}\Windows NT\Terminal Services", ("fDenyTSConnections",)
    yield rf"{_POLICIES}\Windows\PowerShell\ScriptBlockLogging", ("EnableScriptBlockLogging",)
    yield rf"{_POLICIES}\Windows\PowerShell\Transcription", ("EnableTranscripting",)
    yield rf"{_POLICIES}\Windows\WindowsUpdate\AU", ("AUOptions",)
    for service in _SERVICE_NAMES:
        yield rf"{_SERVICES}\{service}", ("Start",)
    for profile in _LOCAL_PROFILES:
        yield rf"{_SERVICES}\SharedAccess\Parameters\FirewallPolicy\{profile}", _PROFILE_VALUES
    for protocol in _PROTOCOLS:
        for side in ("Client", "Server"):
            path = rf"{_CONTROL}\SecurityProviders\SCHANNEL\Protocols\{protocol}\{side}"
            yield path, ("Enabled", "DisabledByDefault")


def _merged() -> Mapping[str, tuple[str, ...]]:
    merged = dict(RULE_SETTINGS)
    for key, names in _described():
        merged[key] = (*merged.get(key, ()), *names)
    return MappingProxyType(merged)


SETTINGS: Final = _merged()
