"""The operating system and its running kernel (InspectorOperatingSystem, F3.12; F3.20)."""

import json
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, read_lines, unread
from openinspector.agent.linux.os_release_file import OS_RELEASE, read_os_release
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import OperatingSystem

UBUNTU_PRO: Final = "/var/lib/ubuntu-advantage/status.json"
"""The world-readable status of the Ubuntu Pro client."""
DEBIAN_VERSION: Final = "/etc/debian_version"


def collect(host: Host) -> Iterator[OperatingSystem | Incomplete | Absent]:
    """Yield the one OperatingSystem."""
    try:
        values = read_os_release(host)
    except OSError as error:
        yield unread(OS_RELEASE[0], error)
        return
    if values is None:
        yield Absent(reason="No os-release or older release file on this host.")
        return
    if not values.get("ID"):
        yield Incomplete(reason=f"{OS_RELEASE[0]} has no ID: advisories cannot be matched to this host.")
    hostname, release, version, machine = host.uname()
    yield OperatingSystem(
        id=values.get("ID", ""),
        version_id=values.get("VERSION_ID", ""),
        codename=values.get("VERSION_CODENAME", "") or _debian_codename(host, values),
        name=values.get("PRETTY_NAME", "") or values.get("NAME", ""),
        id_like=tuple(values.get("ID_LIKE", "").split()),
        architecture=machine,
        hostname=hostname,
        kernel_release=release,
        kernel_version=version,
        extensions=_ubuntu_pro(host) if values.get("ID") == "ubuntu" else (),
    )


def _ubuntu_pro(host: Host) -> tuple[str, ...]:
    """Return the services of Ubuntu Pro that are enabled (``pro status``); empty if it cannot be read."""
    try:
        services = json.loads(host.read(UBUNTU_PRO)).get("services", [])
        enabled = [one["name"] for one in services if one.get("status") == "enabled"]
    except (OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return ()
    return tuple(sorted(name for name in enabled if isinstance(name, str)))


def _debian_codename(host: Host, values: dict[str, str]) -> str:
    """Return ``trixie`` for ``trixie/sid``: Debian testing has no VERSION_CODENAME until it is frozen."""
    if values.get("ID") != "debian" or values.get("VERSION_ID"):
        return ""
    try:
        codename, slash, _ = read_lines(host, DEBIAN_VERSION)[0].partition("/")
    except MISSING:
        return ""
    except OSError:
        return ""
    return codename if slash else ""


SENSOR: Final = Sensor(
    name="os_release",
    title="Operating system and running kernel",
    records=(OperatingSystem,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
)
