"""The kind of Windows that is installed, and whether an update waits for a restart.

Values that Microsoft translates (ProductName) decide nothing; InstallationType, EditionID and ProductType are words of
its code. A pending restart shows as a key that servicing or Windows Update makes and a restart removes. Renames of
files that wait for a restart are not read: many programs leave some. Hotpatch enrolment is the key that Windows Update
targets such hosts by; that it exists on every enrolled host was not seen.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.bounds import short_text
from openinspector.agent.windows.version import CONTROL, CURRENT_VERSION, unseen_windows
from openinspector.model.windows import WindowsInstallation

PRODUCT_OPTIONS: Final = rf"{CONTROL}\ProductOptions"
_CURRENT: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion"
RESTART_KEYS: Final = (
    rf"{_CURRENT}\Component Based Servicing\RebootPending",
    rf"{_CURRENT}\WindowsUpdate\Auto Update\RebootRequired",
)
HOTPATCH: Final = rf"{CURRENT_VERSION}\Update\TargetingInfo\DynamicInstalled\Hotpatch.amd64"


def collect(host: Host) -> Iterator[WindowsInstallation | Incomplete | Absent]:
    """Yield the one WindowsInstallation."""
    unseen = unseen_windows(host)
    if unseen is not None:
        yield unseen
        return
    problems: list[Incomplete] = []
    version = host.registry_key(CURRENT_VERSION)
    found = WindowsInstallation(
        installation_type=short_text(version, "InstallationType"),
        edition=short_text(version, "EditionID"),
        product_type=_product_type(host, problems),
        hotpatch=_exists(host, HOTPATCH, problems),
        restart_pending=tuple(key for key in RESTART_KEYS if _exists(host, key, problems)),
    )
    if not found.installation_type:
        yield Incomplete(reason=f"{CURRENT_VERSION} lacks InstallationType: server or client is unknown.")
    yield from problems
    yield found


def _product_type(host: Host, problems: list[Incomplete]) -> str:
    try:
        return short_text(host.registry_key(PRODUCT_OPTIONS), "ProductType")
    except OSError as error:
        problems.append(unread(PRODUCT_OPTIONS, error))
        return ""


def _exists(host: Host, path: str, problems: list[Incomplete]) -> bool:
    try:
        host.registry_key(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        problems.append(unread(path, error))
        return False
    return True


SENSOR: Final = Sensor(
    name="windows_installation",
    title="Kind of Windows and pending restart",
    records=(WindowsInstallation,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
