"""Packages of apk: the database ``installed`` of Alpine (https://wiki.alpinelinux.org/wiki/Apk_spec)."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.packages.stanza import MAX_BROKEN, has_words, stanzas
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Package, PackageManager

DATABASES: Final = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
"""Locations in apk 2 and apk 3. One may be a link to the other, so only the first that exists is read."""
_FIELD: Final = re.compile(rb"^([PVAoF]):(.*)$", re.MULTILINE)
_FOLDER: Final = b"F"


def collect(host: Host) -> Iterator[Package | Incomplete | Absent]:
    """Yield every installed package."""
    for path in DATABASES:
        try:
            data = host.read(path)
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
            return
        yield from parse(data, path)
        return
    yield Absent(reason="No apk database on this host.")


def parse(data: bytes, path: str = DATABASES[0]) -> Iterator[Package | Incomplete]:
    """Yield the packages of a database: P name, V version, A architecture, o origin (source package)."""
    broken = 0
    for start, end in stanzas(data):
        # The fields of the package come before those of its first folder (F:).
        own = takewhile(lambda found: found[1] != _FOLDER, _FIELD.finditer(data, start, end))
        fields = {found[1]: found[2].strip() for found in own}
        if fields.get(b"P") and fields.get(b"V"):
            yield _package(fields)
        elif has_words(data, start, end):
            broken += 1
        if broken > MAX_BROKEN:
            yield Incomplete(reason=f"{path} is not an apk database and was not read further.")
            break
    if broken:
        yield Incomplete(reason=f"Entries in {path} without a package name and version: {broken}.")


def _package(fields: dict[bytes, bytes]) -> Package:
    name, version = decode(fields[b"P"]), decode(fields[b"V"])
    return Package(
        manager=PackageManager.APK,
        name=name,
        version=version,
        architecture=decode(fields.get(b"A", b"")),
        source_name=decode(fields.get(b"o", b"")) or name,
        source_version=version,
    )


SENSOR: Final = Sensor(
    name="apk",
    title="Packages installed by apk",
    records=(Package,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
