"""Packages of Ruby: ``specifications/*.gemspec`` of every gem folder (guides.rubygems.org, "Specification").

A gemspec is a Ruby program and is not read. Its file name has the name, the version and, unless it is pure Ruby, the
platform.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.hosts.tree_walk import Visit, walk
from openinspector.agent.linux.config_file import encodable
from openinspector.agent.packages.language_package import APPLICATIONS, NEVER_ENTERED, PackageInstallation, packages
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

_SPECIFICATIONS: Final = "specifications"
_DEFAULT: Final = "default"
"""Folder of the gems that come with Ruby."""
_OWN_ROOTS: Final = (
    "/usr/lib/ruby",
    "/usr/lib64/ruby",
    "/usr/lib64/gems",
    "/usr/share/gems",
    "/usr/share/rubygems-integration",
    "/var/lib/gems",
)
_NAMED: Final = re.compile(r"(.+?)-([0-9]+(?:\.[0-9A-Za-z]+)*)(?:-[A-Za-z].*)?\.gemspec")
_SUFFIX: Final = ".gemspec"


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed gem, once for each folder it is in."""
    yield from packages(host, PackageManager.GEM, _installations(host))


def parse(file_name: str) -> tuple[str, str] | None:
    """Split ``nokogiri-1.16.0-x86_64-linux.gemspec`` into name and version; return None for other names."""
    named = _NAMED.fullmatch(file_name)
    return (named[1], named[2]) if named else None


def _installations(host: Host) -> Iterator[PackageInstallation | Incomplete]:
    for visit in walk(host, (*_OWN_ROOTS, *APPLICATIONS), _enter):
        if isinstance(visit, Incomplete):
            yield visit
            continue
        parent, _, name = visit.path.rpartition("/")
        if name == _DEFAULT and parent.endswith(f"/{_SPECIFICATIONS}"):
            parent = parent.rpartition("/")[0]
        elif name != _SPECIFICATIONS:
            continue
        yield from (_installation(parent, visit.path, file) for file in visit.files if file.endswith(_SUFFIX))


def _enter(visit: Visit) -> Iterable[str]:
    """Return the folders to enter; of a gem folder only the specifications, which list the installed gems."""
    if _SPECIFICATIONS in visit.folders:
        return (_SPECIFICATIONS,)
    return [name for name in visit.folders if name not in NEVER_ENTERED]


def _installation(folder: str, specifications: str, file: str) -> PackageInstallation | Incomplete:
    path = f"{specifications}/{file}"
    named = parse(encodable(file))
    if named is None:
        return Incomplete(reason=f"{encodable(path)} is not named after a gem and its version.")
    return PackageInstallation(name=named[0], version=named[1], folder=folder, record=path)


SENSOR: Final = Sensor(
    name="gem",
    title="Packages of Ruby (RubyGems)",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
