"""Network interfaces with their addresses (InspectorNetworkInterface, F3.15)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, encodable, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import NetworkInterface

FOLDER: Final = "/sys/class/net"
_IFF_UP: Final = 0x1
_MAX_BYTES: Final = 4096
_NO_MAC: Final = "00:00:00:00:00:00"


def collect(host: Host) -> Iterator[NetworkInterface | Incomplete | Absent]:
    """Yield every interface, loopback included, by name."""
    problem: Incomplete | None = None
    addresses: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    try:
        for found in host.addresses():
            addresses[found.interface][found.ip_version].append(found.address)
    except OSError as error:
        problem = Incomplete(reason=f"The kernel did not list the interfaces' addresses: {error}.")
    names = set(addresses)
    try:
        names.update(name for name in host.names(FOLDER) if host.status(f"{FOLDER}/{name}").is_directory)
    except MISSING:
        pass  # many containers have no sysfs; the addresses name the interfaces
    except OSError as error:
        yield unread(FOLDER, error)
    if problem:
        yield problem
    elif not names:
        yield Absent(reason="No network interface on this host.")
    for name in sorted(names):
        yield NetworkInterface(
            name=encodable(name),
            mac=_mac(host, name),
            ipv4=tuple(addresses[name][4]),
            ipv6=tuple(addresses[name][6]),
            up=_is_up(host, name),
        )


def _mac(host: Host, name: str) -> str:
    mac = _attribute(host, name, "address")
    return "" if mac == _NO_MAC else mac


def _is_up(host: Host, name: str) -> bool:
    try:
        return bool(int(_attribute(host, name, "flags"), 16) & _IFF_UP)
    except ValueError:  # without sysfs, an interface with addresses counts as up
        return True


def _attribute(host: Host, name: str, attribute: str) -> str:
    try:
        return decode(host.read(f"{FOLDER}/{name}/{attribute}", _MAX_BYTES)).strip()
    except OSError:
        return ""


SENSOR: Final = Sensor(
    name="network_interfaces",
    title="Network interfaces and addresses",
    records=(NetworkInterface,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
)
