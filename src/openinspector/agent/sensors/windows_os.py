"""The operating system of a Windows host (InspectorOperatingSystem, F3.12): version, build and revision."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.version import CURRENT_VERSION, read_windows_version
from openinspector.model.inventory import OperatingSystem


def collect(host: Host) -> Iterator[OperatingSystem | Incomplete | Absent]:
    """Yield the one OperatingSystem."""
    try:
        system = read_windows_version(host)
    except FileNotFoundError:
        yield Absent(reason="This host does not run Windows.")
        return
    except OSError as error:
        yield unread(CURRENT_VERSION, error)
        return
    if not system.kernel_version:
        yield Incomplete(reason=f"{CURRENT_VERSION} lacks build or revision: the installed updates are unknown.")
    yield system


SENSOR: Final = Sensor(
    name="windows_os",
    title="Version, build and revision of Windows",
    records=(OperatingSystem,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
