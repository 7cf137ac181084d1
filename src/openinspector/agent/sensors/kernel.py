"""The running kernel and the installed ones, with the packages that own them (F3.20)."""

import posixpath
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.packages.file_owner import owners
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Kernel

BOOT: Final = "/boot"
MODULES: Final = "/lib/modules"
_IMAGES: Final = ("vmlinuz-", "vmlinux-", "Image-", "image-")
_COPIES: Final = (".old", ".bak", ".gz", ".hmac")
_RESCUE: Final = "0-rescue"


def collect(host: Host) -> Iterator[Kernel | Incomplete | Absent]:
    """Yield the running kernel and every installed one, by release."""
    running = host.uname()[1]
    places: dict[str, list[str]] = {running: []} if running else {}
    for folder, find in ((BOOT, _image), (MODULES, _modules)):
        try:
            for name in host.names(folder):
                release, path = find(host, name)
                if release:
                    places.setdefault(release, []).append(path)
        except MISSING:
            continue
        except OSError as error:
            yield unread(folder, error)
    if not places:
        yield Absent(reason="No kernel on this host: nothing in /boot or /lib/modules.")
    owned = owners(host, [path for paths in places.values() for path in paths])
    for release, paths in sorted(places.items()):
        package = next((owned[path] for path in paths if path in owned), "")
        yield Kernel(release=encodable(release), running=release == running, package=package)


def _image(_: Host, name: str) -> tuple[str, str]:
    """Return the release in ``vmlinuz-<release>``; Alpine's ``vmlinuz-lts`` has none."""
    prefix = next((prefix for prefix in _IMAGES if name.startswith(prefix)), None)
    release = name.removeprefix(prefix) if prefix else ""
    if not release[:1].isdecimal() or release.endswith(_COPIES) or release.startswith(_RESCUE):
        return "", ""
    return release, f"{BOOT}/{name}"


def _modules(host: Host, name: str) -> tuple[str, str]:
    """Return the release of a modules folder with an image or modules; a removed kernel leaves neither."""
    for part in ("vmlinuz", "kernel"):
        path = posixpath.join(MODULES, name, part)
        try:
            host.status(path)
        except OSError:
            continue
        return name, path
    return "", ""


SENSOR: Final = Sensor(
    name="kernel",
    title="Kernels, running and installed",
    records=(Kernel,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
)
