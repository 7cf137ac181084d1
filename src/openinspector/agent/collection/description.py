"""The description of the host in every heartbeat (F1.9)."""

from typing import Final

from openinspector import __version__
from openinspector.agent.host import Host
from openinspector.agent.linux.os_release_file import read_os_release
from openinspector.model.agent import HostDescription
from openinspector.model.foreign_text import printable_line

MAX_FIELD: Final = 255
_IPV4: Final = 4


def describe(host: Host) -> HostDescription:
    """Return the host's description; unreadable fields stay empty."""
    try:
        values = read_os_release(host) or {}
    except OSError:
        values = {}
    hostname, release, _, _ = host.uname()
    if not values and (windows := _windows(host)):
        return windows
    identity, version = values.get("ID", ""), values.get("VERSION_ID", "")
    return HostDescription(
        hostname=_field(hostname),
        operating_system=_field(values.get("PRETTY_NAME", "") or values.get("NAME", "")),
        kernel_version=_field(release),
        ipv4_address=_field(_first_ipv4(host)),
        distribution=_field(f"{identity}:{version}" if identity else ""),
        agent_version=__version__,
    )


def _windows(host: Host) -> HostDescription | None:
    from openinspector.agent.windows.version import read_windows_version  # noqa: PLC0415 - not on a host with os-release

    try:
        system = read_windows_version(host)
    except OSError:
        return None
    return HostDescription(
        hostname=_field(system.hostname),
        operating_system=_field(system.name),
        kernel_version=_field(system.kernel_version),
        ipv4_address=_field(_first_ipv4(host)),
        distribution=_field(f"{system.id}:{system.version_id}"),
        agent_version=__version__,
    )


def _first_ipv4(host: Host) -> str:
    """Return the first address that others can reach the host by."""
    try:
        addresses = host.addresses()
    except OSError:
        return ""
    return next(
        (
            found.address
            for found in addresses
            if found.ip_version == _IPV4 and not found.address.startswith(("127.", "169.254."))
        ),
        "",
    )


def _field(text: str) -> str:
    """Return printable text of bounded length, as the gateway requires."""
    return printable_line(text[:MAX_FIELD])
