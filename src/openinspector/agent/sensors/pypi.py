"""Packages of Python in every environment below the searched folders.

Their records are ``*.dist-info`` and the older ``*.egg-info``. Zipped eggs count anywhere; wheels count in site
folders, where Python can import them, but not in a folder of downloads. Formats: packaging.python.org, "Recording
installed projects" and "Core metadata specifications".
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.hosts.tree_walk import Visit, walk
from openinspector.agent.linux.config_file import MAX_CONFIG_BYTES, decode, encodable, unread
from openinspector.agent.packages.language_package import (
    APPLICATIONS,
    LIBRARIES,
    NEVER_ENTERED,
    PackageInstallation,
    packages,
)
from openinspector.agent.packages.python_archive import MAX_ARCHIVE_BYTES, PythonArchiveError, read_metadata
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

_SITES: Final = ("site-packages", "dist-packages")
_FIELD: Final = re.compile(rb"^(Name|Version):(.*)$", re.MULTILINE | re.IGNORECASE)
"""Blanks around a value are stripped afterwards: matching them here would take quadratic time."""
_NAMED: Final = re.compile(r"([^-]+)-([^-]+)(?:-py[0-9.]+)?(?:-[^-]+)?\.(?:dist|egg)-info")


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed package, once for each environment it is in."""
    yield from packages(host, PackageManager.PYPI, _installations(host))


def parse(metadata: bytes) -> tuple[str, str]:
    """Return the name and version of core metadata; empty if missing."""
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
        for name in _archives(visit):
            yield _archive(host, f"{visit.path}/{name}")


def _enter(visit: Visit) -> Iterable[str]:
    """Return the folders to enter; in a site folder only unpacked eggs, because modules hold no packages."""
    if visit.name in _SITES:
        return [name for name in visit.folders if name.endswith(".egg")]
    return [name for name in visit.folders if name not in NEVER_ENTERED and not name.endswith("-info")]


def _records(visit: Visit) -> Iterator[str]:
    """Yield the metadata files of a folder's packages, as paths below the folder."""
    for name in visit.folders:
        if name.endswith(".dist-info"):
            yield f"{name}/METADATA"
        elif name.endswith(".egg-info") or (name == "EGG-INFO" and visit.name.endswith(".egg")):
            yield f"{name}/PKG-INFO"
    yield from (name for name in visit.files if name.endswith(".egg-info"))


def _archives(visit: Visit) -> Iterator[str]:
    """Yield the names of zipped packages in a folder."""
    suffixes = (".egg", ".whl") if visit.name in _SITES else (".egg",)
    yield from (name for name in visit.files if name.endswith(suffixes))


def _archive(host: Host, path: str) -> PackageInstallation | Incomplete:
    try:
        name, version = parse(read_metadata(host.read(path, MAX_ARCHIVE_BYTES)))
    except OSError as error:
        return unread(path, error)
    except PythonArchiveError as error:
        return Incomplete(reason=f"{encodable(path)} {error}.")
    if not (name and version):
        return Incomplete(reason=f"{encodable(path)} has no package name or version.")
    return PackageInstallation(name=name, version=version, folder=path, record=path)


def _installation(host: Host, folder: str, record: str) -> PackageInstallation | Incomplete:
    path = f"{folder}/{record}"
    try:
        name, version = parse(host.read(path, MAX_CONFIG_BYTES))
    except OSError as error:
        named = _NAMED.fullmatch(encodable(record.partition("/")[0]))
        if named is None:
            return unread(path, error)
        name, version = named.groups()
    if not (name and version):
        return Incomplete(reason=f"{encodable(path)} has no package name or version.")
    return PackageInstallation(name=name, version=version, folder=folder, record=path)


SENSOR: Final = Sensor(
    name="pypi",
    title="Packages of Python (PyPI)",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
