"""Packages of dpkg: ``/var/lib/dpkg/status``, or ``/var/lib/dpkg/status.d`` in an image without dpkg (deb822(5)).

The archive of packages that are not the distribution's is what apt's lists tell
(`openinspector.agent.packages.apt_origins`).

A package is installed in every state that leaves its files on the host: installed, unpacked, half-installed,
half-configured, triggers-awaited, triggers-pending (dpkg(1)). In ``config-files`` and ``not-installed`` it is not.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.packages.apt_origins import read_apt_origins
from openinspector.agent.packages.stanza import MAX_BROKEN, has_words, stanzas
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

STATUS: Final = "/var/lib/dpkg/status"
STATUS_FOLDER: Final = "/var/lib/dpkg/status.d"
_FIELD: Final = re.compile(rb"^(Package|Status|Version|Source|Architecture):(.*)$", re.MULTILINE)
"""Blanks around a value are stripped afterwards: matching them here would take quadratic time."""
_SOURCE: Final = re.compile(rb"(\S+)(?:\s+\((.+)\))?")
_GONE: Final = (b"config-files", b"not-installed")


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every package whose files are on the host."""
    names, problems = _folder(host)
    packages: list[Package] = []
    found = False
    for path in (STATUS, *(f"{STATUS_FOLDER}/{name}" for name in names)):
        try:
            data = host.read(path)
        except MISSING:
            continue
        except OSError as error:
            problems.append(unread(path, error))
            continue
        found = True
        for one in parse(data, path):
            if isinstance(one, Package):
                packages.append(one)
            else:
                problems.append(one)
    origins = read_apt_origins(host, ((one.name, one.version, one.architecture) for one in packages))
    for one in packages:
        origin = origins.get((one.name, one.version, one.architecture))
        yield replace(one, repository=origin) if origin else one
    yield from problems
    if not found and not problems:
        yield Absent(reason="No dpkg database on this host.")


def parse(data: bytes, path: str = STATUS) -> Iterator[Package | Incomplete]:
    """Yield the installed packages of one status file, then one sentence about the invalid stanzas."""
    broken = 0
    for start, end in stanzas(data):
        fields = {found[1]: found[2].strip(b" \t\r") for found in _FIELD.finditer(data, start, end)}
        if fields.get(b"Status", b"").rpartition(b" ")[2] in _GONE:
            continue
        if fields.get(b"Package") and fields.get(b"Version"):
            yield _package(fields)
        elif has_words(data, start, end):
            broken += 1
        if broken > MAX_BROKEN:
            yield Incomplete(reason=f"{path} is not a dpkg database and was not read further.")
            break
    if broken:
        yield Incomplete(reason=f"Stanzas in {path} without a package name and version: {broken}.")


def _package(fields: dict[bytes, bytes]) -> Package:
    name, version = decode(fields[b"Package"]), decode(fields[b"Version"])
    source = _SOURCE.match(fields.get(b"Source", b""))
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture=decode(fields.get(b"Architecture", b"")),
        source_name=decode(source[1]) if source else name,
        source_version=decode(source[2]) if source and source[2] else version,
    )


def _folder(host: Host) -> tuple[list[str], list[Incomplete]]:
    try:
        return [name for name in host.names(STATUS_FOLDER) if not name.endswith(".md5sums")], []
    except MISSING:
        return [], []
    except OSError as error:
        return [], [unread(STATUS_FOLDER, error)]


SENSOR: Final = Sensor(
    name="dpkg",
    title="Packages installed by dpkg",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
