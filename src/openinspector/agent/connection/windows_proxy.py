r"""The proxy of a Windows host: WinHTTP's, set with ``netsh winhttp set proxy``, if UseProxy enables it.

``UseProxy`` = 1 (DWORD) of ``HKLM\SOFTWARE\openinspector\Agent Updater`` is the switch (F1.61); WinHTTP's setting
applies to both services (F1.60); only its proxy for HTTPS is used. WinHttpSettings is a structure of little-endian
32-bit numbers: its size, a counter, flags (bit 1: there is a proxy), then twice a length and that many bytes: proxies
and exceptions. Microsoft documents WINHTTP_PROXY_INFO but not its stored form: the layout was observed from netsh.
"""

from dataclasses import replace
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.settings.settings import AgentSettings, AgentSettingsError, Proxy, parse_proxy

SWITCH: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\openinspector\Agent Updater"
CONNECTIONS: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
_HEADER: Final = 12
_HAS_PROXY: Final = 0x2
_ADVICE: Final = "Set it again: netsh winhttp set proxy HOST:PORT; or set UseProxy to 0."


def with_winhttp_proxy(settings: AgentSettings, host: Host) -> AgentSettings:
    """Return ``settings`` with WinHTTP's proxy if UseProxy is 1. Raises AgentSettingsError if it cannot be parsed.

    The list of exceptions is not read: the agent talks to one service, and asks the metadata service directly.
    """
    try:
        if host.registry_key(SWITCH).number("UseProxy") != 1:
            return settings
        stored = host.registry_key(CONNECTIONS).value("WinHttpSettings")
    except FileNotFoundError:
        return settings
    except OSError as error:
        raise AgentSettingsError(f"the proxy in the registry cannot be read: {error}") from error
    proxy = parse_winhttp_settings(stored.data) if stored and isinstance(stored.data, bytes) else None
    if proxy is None:
        raise AgentSettingsError("UseProxy is 1, but WinHTTP has no proxy for HTTPS", advice=_ADVICE)
    return replace(settings, proxy=proxy)


def parse_winhttp_settings(data: bytes) -> Proxy | None:
    """Return the proxy for HTTPS of a WinHttpSettings value, None if it has none; AgentSettingsError."""
    length = int.from_bytes(data[_HEADER : _HEADER + 4], "little")
    text = data[_HEADER + 4 : _HEADER + 4 + length]
    if len(data) < _HEADER + 4 or len(text) != length:
        raise AgentSettingsError("WinHTTP's proxy in the registry is cut short", advice=_ADVICE)
    if not int.from_bytes(data[8:_HEADER], "little") & _HAS_PROXY:
        return None
    try:
        return parse_proxy(_for_https(text.decode("ascii")))
    except ValueError as error:
        raise AgentSettingsError("WinHTTP's proxy in the registry is not understood", advice=_ADVICE) from error


def _for_https(proxies: str) -> str:
    """Return the HTTPS proxy of ``host:port`` or ``http=a:80;https=b:443``, or an empty string if absent."""
    for proxy in proxies.replace(";", " ").split():
        scheme, equals, address = proxy.partition("=")
        if not equals:
            return proxy
        if scheme.lower() == "https":
            return address
    return ""
