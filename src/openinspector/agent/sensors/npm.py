"""Packages of Node.js: the ``package.json`` of each folder in a ``node_modules``, at any depth (npm, "folders").

Debian installs them below ``/usr/share/nodejs``, pnpm below ``node_modules/.pnpm``.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.agent.host import Host
from openinspector.agent.hosts.tree_walk import Visit, walk
from openinspector.agent.linux.config_file import MAX_CONFIG_BYTES, encodable, unread
from openinspector.agent.packages.language_package import (
    APPLICATIONS,
    LIBRARIES,
    NEVER_ENTERED,
    PackageInstallation,
    packages,
)
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

_MODULES: Final = "node_modules"
_DEBIAN: Final = "/usr/share/nodejs"
_FILE: Final = "package.json"
_PNPM: Final = ".pnpm"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class _PackageFile(msgspec.Struct):
    name: str
    version: str


_DECODER: Final = msgspec.json.Decoder(_PackageFile)


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed package, once for each folder it is in."""
    yield from packages(host, PackageManager.NPM, _installations(host))


def parse(data: bytes) -> tuple[str, str] | None:
    """Return name and version of a ``package.json``, or None if one is missing."""
    try:
        file = _DECODER.decode(data.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return (file.name, file.version) if file.name and file.version else None


def _installations(host: Host) -> Iterator[PackageInstallation | Incomplete]:
    for visit in walk(host, (*LIBRARIES, *APPLICATIONS, _DEBIAN), _enter):
        if isinstance(visit, Incomplete):
            yield visit
        elif _is_package(visit.path) and _FILE in visit.files:
            yield _installation(host, visit.path)


def _enter(visit: Visit) -> Iterable[str]:
    """Return the folders to enter: below a package only its ``node_modules``; hidden folders are caches."""
    if _holds_packages(visit.path) or visit.name == _PNPM:
        return [name for name in visit.folders if not name.startswith(".") or name == _PNPM]
    if _is_package(visit.path):
        return (_MODULES,)
    return [name for name in visit.folders if name not in NEVER_ENTERED]


def _holds_packages(path: str) -> bool:
    """Return True if the folders in a folder are packages: ``node_modules``, or a ``@scope`` in one."""
    parent, _, name = path.rpartition("/")
    return name == _MODULES or path == _DEBIAN or (name.startswith("@") and _holds_packages(parent))


def _is_package(path: str) -> bool:
    parent, _, name = path.rpartition("/")
    return _holds_packages(parent) and not name.startswith(("@", "."))


def _installation(host: Host, folder: str) -> PackageInstallation | Incomplete:
    path = f"{folder}/{_FILE}"
    try:
        named = parse(host.read(path, MAX_CONFIG_BYTES))
    except OSError as error:
        return unread(path, error)
    if named is None:
        return Incomplete(reason=f"{encodable(path)} has no package name or version.")
    return PackageInstallation(name=named[0], version=named[1], folder=folder, record=path)


SENSOR: Final = Sensor(
    name="npm",
    title="Packages of Node.js (npm)",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
