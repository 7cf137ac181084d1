"""Packages of rpm, from its database in any of three back ends (sqlite, ndb, bdb), without rpm itself.

The repository of each comes from the records of dnf, yum or zypper (`openinspector.agent.packages.rpm_origins`).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import unread
from openinspector.agent.packages.rpm_database import database
from openinspector.agent.packages.rpm_database.header import (
    ARCHITECTURE,
    EPOCH,
    MODULARITY_LABEL,
    NAME,
    RELEASE,
    SOURCE_RPM,
    VENDOR,
    VERSION,
    Header,
)
from openinspector.agent.packages.rpm_origins import origin_of, read_origins
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.errors import SensorError
from openinspector.model.inventory import Package, PackageManager

_KEY: Final = "gpg-pubkey"
"""Name of the signing keys that rpm stores among the packages."""
_SOURCE_ENDS: Final = (".src.rpm", ".nosrc.rpm")


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed package except signing keys."""
    path = ""
    try:
        path = database.find(host) or ""
        if not path:
            yield Absent(reason="No rpm database on this host.")
            return
        if database.unfinished_transaction(host, path):
            yield Incomplete(reason=f"{path} has changes in a write-ahead log, which is not read.")
        yield from _packages(host, path)
    except OSError as error:
        yield unread(path or database.FOLDERS[0], error)
    except SensorError as error:
        yield Incomplete(reason=f"{path} could not be read: {error}.")


def parse(blob: bytes) -> Package | None:
    """Return the package of one header, or None for a signing key; raise SensorError for a damaged one."""
    header = Header(blob)
    name, version, release = header.text(NAME), header.text(VERSION), header.text(RELEASE)
    if name == _KEY:
        return None
    if not (name and version):
        raise SensorError("a header has no name or version")
    epoch = header.number(EPOCH)
    prefix = f"{epoch}:" if epoch else ""
    source_name, source_version = split_source(header.text(SOURCE_RPM))
    own = f"{version}-{release}"
    return Package(
        manager=PackageManager.RPM,
        name=name,
        version=prefix + own,
        architecture=header.text(ARCHITECTURE),
        source_name=source_name or name,
        # SOURCERPM has no epoch; a subpackage with the version of its source shares the epoch, others may not.
        source_version=prefix + own if source_version in ("", own) else source_version,
        vendor=header.text(VENDOR),
        module=header.text(MODULARITY_LABEL),
    )


def split_source(file_name: str) -> tuple[str, str]:
    """Split ``bash-5.1.8-6.el9.src.rpm`` into name and version-release; return empty strings for other names."""
    for end in _SOURCE_ENDS:
        if file_name.endswith(end):
            parts = file_name.removesuffix(end).rsplit("-", 2)
            return (parts[0], f"{parts[1]}-{parts[2]}") if len(parts) == 3 else ("", "")  # noqa: PLR2004 - n-v-r
    return "", ""


def _packages(host: Host, path: str) -> Iterator[Package | Incomplete]:
    origins = read_origins(host)
    for blob in database.blobs(host, path):
        try:
            package = blob if isinstance(blob, SensorError) else parse(blob)
        except SensorError as error:
            package = error
        if isinstance(package, SensorError):
            yield Incomplete(reason=f"{path}: {package}.")
        elif package:
            origin = origin_of((package.name, package.version, package.architecture), origins)
            yield replace(package, repository=origin) if origin else package


SENSOR: Final = Sensor(
    name="rpm",
    title="Packages installed by rpm",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
