"""Packages of Python in every environment below the folders searched: ``*.dist-info`` and the older ``*.egg-info``.

Formats: packaging.python.org, "Recording installed projects" and "Core metadata specifications".
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.hosts.tree_walk import Visit, walk
from openinspector.agent.linux.config_file import MAX_CONFIG_BYTES, decode, printable, unread
from openinspector.agent.packages.language_package import (
    APPLICATIONS,
    LIBRARIES,
    NEVER_ENTERED,
    PackageInstallation,
    packages,
)
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

_SITES: Final = ("site-packages", "dist-packages")
_FIELD: Final = re.compile(rb"^(Name|Version):(.*)$", re.MULTILINE | re.IGNORECASE)
"""Blanks around a value are stripped afterwards: looked for in here, they would be looked for from each of them."""
_NAMED: Final = re.compile(r"([^-]+)-([^-]+)(?:-py[0-9.]+)?(?:-[^-]+)?\.(?:dist|egg)-info")


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed package, once for each environment that has it."""
    yield from packages(host, PackageManager.PYPI, _installations(host))


def parse(metadata: bytes) -> tuple[str, str]:
    """Return name and version of core metadata; empty where it does not say."""
    head = re.split(rb"\r?\n\r?\n", metadata, maxsplit=1)[0]
    fields: dict[bytes, bytes] = {}
    for found in _FIELD.finditer(head):
        fields.setdefault(found[1].lower(), found[2].strip(b" \t\r"))
    return decode(fields.get(b"name", b"")), decode(fields.get(b"version", b""))


def _installations(host: Host) -> Iterator[PackageInstallation | Incomplete]:
    for visit in walk(host, (*LIBRARIES, *APPLICATIONS), _enter):
        if isinstance(visit, Incomplete):
            yield visit
            continue
        for record in _records(visit):
            yield _installation(host, visit.path, record)


def _enter(visit: Visit) -> Iterable[str]:
    """Modules of a site folder hold no other packages; an unpacked egg beside them is one."""
    if visit.name in _SITES:
        return [name for name in visit.folders if name.endswith(".egg")]
    return [name for name in visit.folders if name not in NEVER_ENTERED and not name.endswith("-info")]


def _records(visit: Visit) -> Iterator[str]:
    """Yield the metadata files of the packages in a folder, as paths below it."""
    for name in visit.folders:
        if name.endswith(".dist-info"):
            yield f"{name}/METADATA"
        elif name.endswith(".egg-info") or (name == "EGG-INFO" and visit.name.endswith(".egg")):
            yield f"{name}/PKG-INFO"
    yield from (name for name in visit.files if name.endswith(".egg-info"))


def _installation(host: Host, folder: str, record: str) -> PackageInstallation | Incomplete:
    path = f"{folder}/{record}"
    try:
        name, version = parse(host.read(path, MAX_CONFIG_BYTES))
    except OSError as error:
        told = _NAMED.fullmatch(printable(record.partition("/")[0]))
        if told is None:
            return unread(path, error)
        name, version = told.groups()
    if not (name and version):
        return Incomplete(reason=f"{printable(path)} has no package name or version.")
    return PackageInstallation(name=name, version=version, folder=folder, record=path)


SENSOR: Final = Sensor(
    name="pypi",
    title="Packages of Python (PyPI)",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
