"""Packages of pacman: its local database has a folder with a file ``desc`` for each (libalpm, ``be_local.c``)."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MAX_CONFIG_BYTES, MISSING, decode, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

DATABASE: Final = "/var/lib/pacman/local"
_VERSION_FILE: Final = "ALPM_DB_VERSION"


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed package."""
    try:
        names = host.names(DATABASE)
    except MISSING:
        yield Absent(reason="No pacman database on this host.")
        return
    except OSError as error:
        yield unread(DATABASE, error)
        return
    for name in names:
        if name == _VERSION_FILE:
            continue
        path = f"{DATABASE}/{name}/desc"
        try:
            yield parse(host.read(path, MAX_CONFIG_BYTES), path)
        except OSError as error:
            yield unread(path, error)


def parse(data: bytes, path: str) -> Package | Incomplete:
    """Return the package of one ``desc``: lines such as ``%NAME%``, each followed by values and an empty line."""
    fields: dict[bytes, bytes] = {}
    for block in data.split(b"\n\n"):
        heading, _, values = block.strip().partition(b"\n")
        fields.setdefault(heading, values.partition(b"\n")[0].strip())
    name, version = decode(fields.get(b"%NAME%", b"")), decode(fields.get(b"%VERSION%", b""))
    if not (name and version):
        return Incomplete(reason=f"{path} has no package name or version.")
    return Package(
        manager=PackageManager.PACMAN,
        name=name,
        version=version,
        architecture=decode(fields.get(b"%ARCH%", b"")),
        source_name=decode(fields.get(b"%BASE%", b"")) or name,
        source_version=version,
    )


SENSOR: Final = Sensor(
    name="pacman",
    title="Packages installed by pacman",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
