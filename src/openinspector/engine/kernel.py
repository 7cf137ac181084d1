"""Selects the installed packages to judge and their versions: the running kernel decides about kernel packages.

Several kernels may be installed; one runs. A *kernel package* is one that belongs to a single kernel release: Debian's
``linux-image-6.1.0-29-amd64``, rpm's ``kernel-core``, Alpine's ``linux-lts``. Rules:

1. A package that belongs to no kernel release is judged as installed, whatever source it was built from
   (``linux-libc-dev``, ``perf``).
2. If an image of the running release is installed, only the kernel packages of that release are judged: an older kernel
  on disk does no harm, and a newer one has no effect until the host restarts.
3. An upgrade may replace the running kernel's files in place. The running build is then the one that uname reports
   (Debian and Ubuntu: ``uname -v``; elsewhere ``uname -r``), and that build is judged, even if its package is gone.
4. If the running kernel belongs to no installed package (a container, a microVM, a custom kernel), every kernel package
  is judged as installed, and the evidence says that it does not run.
5. A live patch is judged if the kernel that it patches runs. Kernels of other vendors (``kernel-ml``) count as the
  running kernel, and no advisory applies to them.
6. A package whose only content is a dependency on the newest kernel (``linux-image-amd64``) is not judged.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from openinspector.engine.kernel_part import (
    KernelPart,
    is_kernel_metapackage,
    kernel_part,
    replaced_build,
    running_build,
)
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Kernel, OperatingSystem, Package, PackageManager
from openinspector.model.signed_kernel import signed_source


class KernelRole(Enum):
    """How a package relates to the running kernel."""

    ORDINARY = "belongs to no kernel release"
    RUNNING = "is the running kernel"
    NOT_RUNNING = "is a kernel on disk; the running kernel is of no installed package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A package as it is judged: the names and versions to compare with advisories."""

    package: Package
    version: str
    """Binary version; that of the running build if it differs from the database's."""
    source_name: str
    source_version: str
    role: KernelRole = KernelRole.ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """The judged packages of a host, and the kernels on disk that would run after a restart."""

    judged: tuple[Subject, ...]
    idle: tuple[Subject, ...] = ()


_REBUILD: Final = re.compile(r"\+b[0-9]+$")


def running_release(facts: HostFacts) -> str:
    """Return the output of ``uname -r``; empty if the host did not send it."""
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
        part = kernel_part(package)
        if part is not None:
            kernels.append((package, part))
        elif not is_kernel_metapackage(package):
            ordinary.append(_subject(package, KernelRole.ORDINARY))
    if not kernels:
        return Subjects(judged=tuple(ordinary))
    system = facts.only(OperatingSystem)
    uname_version = system.kernel_version if system is not None else ""
    judged, idle = _kernel_subjects(kernels, running_release(facts), uname_version)
    return Subjects(judged=(*ordinary, *judged), idle=idle)


def _kernel_subjects(
    kernels: list[tuple[Package, KernelPart]], release: str, uname_version: str
) -> tuple[list[Subject], tuple[Subject, ...]]:
    running = [(package, part) for package, part in kernels if part.runs(release)]
    others = tuple(_subject(package, KernelRole.NOT_RUNNING) for package, part in kernels if not part.runs(release))
    images = [package for package, part in running if part.image]
    if images:
        build = replaced_build(images[0], release, uname_version)
        changed = tuple(_subject(image, KernelRole.NOT_RUNNING) for image in images if build not in ("", image.version))
        judged = [_subject(package, _role(part), build if part.image else "") for package, part in running]
        return judged, (*others, *changed)
    everything = tuple(_subject(package, KernelRole.NOT_RUNNING) for package, _ in kernels)
    for package, part in kernels:
        build = running_build(package, release, uname_version) if part.image else ""
        if build:
            return [_gone(package, build, release)], everything
    return list(everything), ()


def _role(part: KernelPart) -> KernelRole:
    return KernelRole.ORDINARY if part.live_patch else KernelRole.RUNNING


def _gone(image: Package, build: str, release: str) -> Subject:
    """Return the running kernel whose package was removed or replaced, derived from an installed image."""
    name = f"linux-image-{release}" if image.manager is PackageManager.DPKG else image.name
    # the image's repository need not be where the running one came from
    gone = replace(image, name=name, version=build, source_version=build, repository="")
    return _subject(gone, KernelRole.RUNNING)


def _subject(package: Package, role: KernelRole, build: str = "") -> Subject:
    version = build or package.version
    source_name, source_version = signed_source(package.source_name), _REBUILD.sub("", version)
    if not source_name:  # Debian signs images in a source of its own, 6.1.123+1; advisories speak of linux, 6.1.123-1
        source_name, source_version = package.source_name, build or package.source_version
    return Subject(
        package=package,
        version=version,
        source_name=source_name,
        source_version=source_version,
        role=role,
    )
