"""Facts of Windows hosts for tests."""

from typing import Final

from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.model.windows import WINDOWS, WindowsHotfix, WindowsInstallation, WindowsProgram
from openinspector.model.windows_release import parse_windows_version

WINDOWS_SENSORS: Final = ("windows_os", "windows_installation", "windows_hotfixes", "windows_software")


def windows_server(
    version: str,
    *records: WindowsHotfix | WindowsProgram,
    installation: str | None = "Server",
    name: str = "Windows Server Standard",
    architecture: str = "x86_64",
    restart_pending: tuple[str, ...] = (),
) -> HostFacts:
    """Return a host that runs ``version``, with or without a revision; ``installation`` None: it was not sent."""
    parsed = parse_windows_version(version)
    revision = parsed.revision if parsed is not None else None
    system = OperatingSystem(
        id=WINDOWS,
        version_id=version if revision is None else version.rpartition(".")[0],
        name=name,
        architecture=architecture,
        kernel_version=version if revision is not None else "",
    )
    sent: tuple[Record, ...] = (system, *records)
    if installation is not None:
        sent += (WindowsInstallation(installation_type=installation, restart_pending=restart_pending),)
    kinds = {type(record) for record in sent}
    return HostFacts(
        agent_id="i-0123456789abcdef0",
        records={kind: tuple(record for record in sent if type(record) is kind) for kind in kinds},
        sensors={name: SensorStatus(sensor=name, state=SensorState.OK, records=0) for name in WINDOWS_SENSORS},
    )
