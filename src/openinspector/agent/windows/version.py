r"""Windows in its own registry: version, edition, name and addresses of the host.

``HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`` holds CurrentBuildNumber, UBR (update build revision),
ProductName, DisplayVersion and EditionID. Before Windows 10, CurrentVersion holds the version. Since then,
CurrentMajorVersionNumber and CurrentMinorVersionNumber do, and CurrentVersion stays at 6.3.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from openinspector.agent.host import Host, InterfaceAddress
from openinspector.agent.linux.config_file import unread
from openinspector.agent.sensor import Absent, Incomplete
from openinspector.agent.settings.ip_address import is_ip_address
from openinspector.agent.windows.registry_tree import REG_MULTI_SZ
from openinspector.model.inventory import OperatingSystem
from openinspector.model.windows import WINDOWS

CURRENT_VERSION: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CONTROL: Final = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control"
TCPIP_INTERFACES: Final = (
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces",
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\Interfaces",
)
_FIRST_BUILD_OF_11: Final = 22000
_MACHINES: Final = MappingProxyType({"AMD64": "x86_64", "ARM64": "aarch64", "x86": "i686"})
_UNSET: Final = ("", "0.0.0.0", "::")  # noqa: S104 - what an interface without an address says


def unseen_windows(host: Host) -> Absent | Incomplete | None:
    """Return the reason why a sensor cannot see Windows on the host, or None if it can."""
    try:
        host.registry_key(CURRENT_VERSION)
    except FileNotFoundError:
        return Absent(reason="This host does not run Windows.")
    except OSError as error:
        return unread(CURRENT_VERSION, error)
    return None


def read_windows_version(host: Host) -> OperatingSystem:
    """Return the operating system; raise FileNotFoundError if the host does not run Windows, OSError if unreadable."""
    version = host.registry_key(CURRENT_VERSION)
    build = version.text("CurrentBuildNumber") or version.text("CurrentBuild")
    major, minor = version.number("CurrentMajorVersionNumber"), version.number("CurrentMinorVersionNumber")
    release = version.text("CurrentVersion") if major is None else f"{major}.{minor or 0}"
    version_id = f"{release}.{build}" if release and build else ""
    revision = version.number("UBR")
    return OperatingSystem(
        id=WINDOWS,
        version_id=version_id,
        codename=version.text("DisplayVersion") or version.text("ReleaseId"),
        name=_product(version.text("ProductName"), version.text("InstallationType"), build),
        architecture=_architecture(host),
        hostname=_text(host, rf"{CONTROL}\ComputerName\ActiveComputerName", "ComputerName")
        or _text(host, rf"{CONTROL}\ComputerName\ComputerName", "ComputerName"),
        kernel_release=version_id,
        kernel_version=f"{version_id}.{revision}" if version_id and revision is not None else "",
    )


def windows_addresses(host: Host) -> Iterator[InterfaceAddress]:
    """Yield the addresses of interfaces, static or from DHCP; those announced by routers are not in the registry."""
    for version, folder in zip((4, 6), TCPIP_INTERFACES, strict=True):
        try:
            interfaces = host.registry_key(folder).subkeys
        except FileNotFoundError:
            continue
        for interface in interfaces:
            key = host.registry_key(rf"{folder}\{interface}")
            given = key.value("IPAddress")
            texts = given.data if given and given.type == REG_MULTI_SZ and isinstance(given.data, tuple) else ()
            for text in (*texts, key.text("DhcpIPAddress")):
                if text not in _UNSET and is_ip_address(text):
                    yield InterfaceAddress(interface=interface, ip_version=version, address=text)


def _product(name: str, installation: str, build: str) -> str:
    """Return the product's name; the registry of Windows 11 still says Windows 10."""
    if installation == "Client" and build.isdecimal() and int(build) >= _FIRST_BUILD_OF_11:
        return name.replace("Windows 10", "Windows 11")
    return name


def _architecture(host: Host) -> str:
    """Return the machine as uname prints it, so that both families use the same words."""
    machine = _text(host, rf"{CONTROL}\Session Manager\Environment", "PROCESSOR_ARCHITECTURE")
    return _MACHINES.get(machine, machine)


def _text(host: Host, path: str, name: str) -> str:
    try:
        return host.registry_key(path).text(name)
    except OSError:
        return ""
