"""Which installed packages are judged, at which version: the running kernel decides about kernel packages.

Several kernels may be installed; one runs. A *kernel package* is one that belongs to a single kernel release: Debian's
``linux-image-6.1.0-29-amd64``, rpm's ``kernel-core``, Alpine's ``linux-lts``. Rules:

1. A package that belongs to no kernel release is judged as it is, whatever source it was built from
   (``linux-libc-dev``, ``perf``).
2. Where an image of the running release is installed, the packages of that release are judged and no other kernel
   package is: an older kernel left on disk does no harm, a newer one no good until the host restarts.
3. An upgrade may replace the running kernel's files in place. The running build is then the one that uname reports
   (Debian: ``uname -v``; Alpine: ``uname -r``), and that build is judged, even if its package is gone.
4. Where the running kernel is of no installed package (a container, a microVM, a kernel of one's own), every kernel
   package is judged as installed, and the evidence says that it is not what runs.
5. A package whose only content is a dependency on the newest kernel (``linux-image-amd64``) is not judged.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from openinspector.model.debian_release import SIGNED_KERNEL_SOURCE
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Kernel, OperatingSystem, Package, PackageManager


class KernelRole(Enum):
    """How a package relates to the running kernel."""

    ORDINARY = "belongs to no kernel release"
    RUNNING = "is the running kernel"
    NOT_RUNNING = "is a kernel on disk; the running kernel is of no installed package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A package as it is judged: the names and versions that advisories are compared with."""

    package: Package
    version: str
    """Binary version; the running build's, where that differs from the database's."""
    source_name: str
    source_version: str
    role: KernelRole = KernelRole.ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """The judged packages of a host, and the kernels on disk that would run after a restart."""

    judged: tuple[Subject, ...]
    idle: tuple[Subject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A kernel package's release as ``uname -r`` prints it, up to its flavour, and whether it holds the image."""

    release: str
    image: bool
    variant: str = ""
    """rpm: ``rt``, ``64k``, ``debug``; after a ``+`` in ``uname -r``."""


_DPKG_PART: Final = re.compile(
    r"linux-(image|image-unsigned|modules|modules-extra|headers|tools|cloud-tools|buildinfo)-([0-9][0-9a-z.+~-]*?)"
    r"(-unsigned|-dbg|-common|-common-rt)?"
)
_DPKG_META: Final = re.compile(r"linux-(image|headers)-[a-z][a-z0-9-]*")
_DEBIAN_BUILD: Final = re.compile(r"\bDebian ([0-9][0-9A-Za-z.+~:-]*)")
_REBUILD: Final = re.compile(r"\+b[0-9]+$")
_RPM_PART: Final = re.compile(
    r"kernel(?:[0-9]+\.[0-9]+)?(?:-(rt|64k|uek|default|kvm|zfcpdump|plus))?(-64k)?(-debug)?"
    r"(?:-(core|modules|modules-core|modules-extra|modules-internal|modules-partner|devel|devel-matched|uki-virt"
    r"|uki-virt-addons))?"
)
_APK_PART: Final = re.compile(r"linux-(lts|virt|rpi[0-9]?|edge|stable|asahi|elm)")
_APK_RELEASE: Final = re.compile(r"([0-9][0-9a-z._]*)-([0-9]+)-([a-z0-9]+)")
_APK_VERSION: Final = re.compile(r"(.+)-r([0-9]+)")


def running_release(facts: HostFacts) -> str:
    """Return what ``uname -r`` printed; empty where the host did not say."""
    system = facts.only(OperatingSystem)
    if system is not None and system.kernel_release:
        return system.kernel_release
    return next((kernel.release for kernel in facts.all(Kernel) if kernel.running), "")


def subjects(facts: HostFacts) -> Subjects:
    """Return the distribution's packages of the host as they are judged, in the order collected."""
    ordinary, kernels = [], []
    for package in facts.all(Package):
        if not package.manager.of_distribution:  # advisories of a distribution mean its own packages
            continue
        part = _part(package)
        if part is not None:
            kernels.append((package, part))
        elif not is_kernel_metapackage(package):
            ordinary.append(_subject(package, KernelRole.ORDINARY))
    if not kernels:
        return Subjects(judged=tuple(ordinary))
    system = facts.only(OperatingSystem)
    uname_version = system.kernel_version if system is not None and system.id == "debian" else ""
    judged, idle = _kernel_subjects(kernels, running_release(facts), uname_version)
    return Subjects(judged=(*ordinary, *judged), idle=idle)


def is_kernel_package(package: Package) -> bool:
    """Return True if a package belongs to one kernel release: how it is judged depends on the kernel that runs."""
    return _part(package) is not None


def is_kernel_metapackage(package: Package) -> bool:
    """Return True if a package only depends on the newest kernel: the one to update, not the one to judge."""
    return package.manager is PackageManager.DPKG and _DPKG_META.fullmatch(package.name) is not None


def _kernel_subjects(
    kernels: list[tuple[Package, _Part]], release: str, uname_version: str
) -> tuple[list[Subject], tuple[Subject, ...]]:
    running = [(package, part) for package, part in kernels if _runs(part, release)]
    others = tuple(_subject(package, KernelRole.NOT_RUNNING) for package, part in kernels if not _runs(part, release))
    images = [package for package, part in running if part.image]
    build = _build(kernels, release, uname_version)
    if images:
        changed = tuple(_subject(image, KernelRole.NOT_RUNNING) for image in images if build not in ("", image.version))
        judged = [_subject(package, KernelRole.RUNNING, build if part.image else "") for package, part in running]
        return judged, (*others, *changed)
    everything = tuple(_subject(package, KernelRole.NOT_RUNNING) for package, _ in kernels)
    if build:
        return [_gone(kernels, release, build)], everything
    return list(everything), ()


def _gone(kernels: list[tuple[Package, _Part]], release: str, build: str) -> Subject:
    """Return the running kernel whose package was removed or replaced, made after an image that is there."""
    image = next(package for package, part in kernels if part.image)
    name = f"linux-image-{release}" if image.manager is PackageManager.DPKG else image.name
    return _subject(replace(image, name=name, version=build, source_version=build), KernelRole.RUNNING)


def _build(kernels: Iterable[tuple[Package, _Part]], release: str, uname_version: str) -> str:
    """Return the package version that uname tells of the running kernel, or nothing where it tells none."""
    for package, part in kernels:
        if not part.image:
            continue
        if package.manager is PackageManager.DPKG:
            found = _DEBIAN_BUILD.search(uname_version)
            return found[1] if found else ""
        if package.manager is PackageManager.APK:
            running = _APK_RELEASE.fullmatch(release)
            if running and package.name == f"linux-{running[3]}":
                return f"{running[1]}-r{running[2]}"
    return ""


def _subject(package: Package, role: KernelRole, build: str = "") -> Subject:
    version = build or package.version
    signed = SIGNED_KERNEL_SOURCE.fullmatch(package.source_name)
    if signed:  # Debian signs images in a source of its own, 6.1.123+1; advisories speak of linux, 6.1.123-1
        name = f"linux-{signed[1]}" if signed[1] else "linux"
        source_name, source_version = name, _REBUILD.sub("", version)
    else:
        source_name, source_version = package.source_name, build or package.source_version
    return Subject(
        package=package,
        version=version,
        source_name=source_name,
        source_version=source_version,
        role=role,
    )


def _runs(part: _Part, release: str) -> bool:
    running, _, variant = release.partition("+")
    if part.release != running and not running.startswith(f"{part.release}-"):
        return False
    # kernel-rt of release 8 says so in its version, not after a plus sign
    return part.variant == variant or (not variant and part.variant in ("rt", "uek", "default", "plus"))


def _part(package: Package) -> _Part | None:
    match package.manager:
        case PackageManager.DPKG:
            return _dpkg_part(package)
        case PackageManager.RPM:
            return _rpm_part(package)
        case PackageManager.APK:
            return _apk_part(package)
        case _:
            return None


def _dpkg_part(package: Package) -> _Part | None:
    if not package.name.startswith("linux-"):
        return None
    found = _DPKG_PART.fullmatch(package.name)
    if found is None:
        return None
    return _Part(release=found[2], image=found[1].startswith("image") and found[3] != "-dbg")


def _rpm_part(package: Package) -> _Part | None:
    if not package.name.startswith("kernel"):
        return None
    found = _RPM_PART.fullmatch(package.name)
    if found is None:
        return None
    variant = "-".join(word.strip("-") for word in found.groups()[:3] if word)
    version = package.version.rpartition(":")[2]
    # SUSE's uname -r leaves out the rebuild count and the architecture; there nothing runs by this rule
    release = f"{version}.{package.architecture}"
    return _Part(release=release, image=found[4] in (None, "core", "uki-virt"), variant=variant)


def _apk_part(package: Package) -> _Part | None:
    found, version = _APK_PART.fullmatch(package.name), _APK_VERSION.fullmatch(package.version)
    if found is None or version is None:
        return None
    return _Part(release=f"{version[1]}-{version[2]}-{found[1]}", image=True)
