"""Installed packages from the registries of programming languages (PyPI, npm, RubyGems).

The search covers the folders into which distributions and administrators install programs. It leaves out home
folders: their content belongs to a person, not to the host.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import encodable
from openinspector.agent.packages.file_owner import owners
from openinspector.agent.sensor import Absent, Incomplete
from openinspector.model.inventory import Package, PackageManager

LIBRARIES: Final = ("/usr/lib", "/usr/lib64")
APPLICATIONS: Final = ("/usr/local", "/opt", "/srv", "/app", "/var/www")
"""Folders for programs of any language; each sensor adds the folders of its language."""
NEVER_ENTERED: Final = frozenset((".git", "__pycache__", "lost+found"))
MAX_PACKAGES: Final = 20_000
MAX_NAME: Final = 255
"""Characters of a name or version. Registries allow fewer (npm 214). Results stay in memory until owners are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageInstallation:
    """One installed package and the file that records it."""

    name: str
    version: str
    folder: str
    """Folder of the installation, for people to find it."""
    record: str
    """Path of the file that a package of the distribution would own."""


def packages(
    host: Host, manager: PackageManager, found: Iterable[PackageInstallation | Incomplete]
) -> Iterator[Package | Incomplete | Absent]:
    """Yield a Package for each installation in ``found``, with the distribution's package that owns it."""
    installations: list[PackageInstallation] = []
    incomplete = False
    too_long = 0
    for item in islice(found, MAX_PACKAGES):
        if isinstance(item, Incomplete):
            incomplete = True
            yield item
        elif max(len(item.name), len(item.version)) > MAX_NAME:
            too_long += 1
        else:
            installations.append(item)
    if too_long:
        incomplete = True
        yield Incomplete(
            reason=f"Packages whose name or version is longer than {MAX_NAME} characters were left out: {too_long}."
        )
    if len(installations) >= MAX_PACKAGES:
        yield Incomplete(reason=f"Stopped after {MAX_PACKAGES} packages; the host may have more.")
    brought_by = owners(host, [installation.record for installation in installations])
    for installation in installations:
        yield Package(
            manager=manager,
            name=installation.name,
            version=installation.version,
            architecture="",
            source_name=installation.name,
            source_version=installation.version,
            location=encodable(installation.folder),
            owner=brought_by.get(installation.record, ""),
        )
    if not installations and not incomplete:
        yield Absent(reason=f"No package of {manager} in the searched folders.")
