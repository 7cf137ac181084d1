"""The kernel release that a package belongs to, by its name and version, as each distribution numbers them.

``uname -r`` prints a release. Each distribution makes it from the package's version in its own way:

| distribution | package | ``uname -r`` |
|---|---|---|
| Debian | ``linux-image-6.12.38+deb13-amd64`` 6.12.38-1 | ``6.12.38+deb13-amd64`` |
| Ubuntu | ``linux-image-5.15.0-69-generic`` 5.15.0-69.76 | ``5.15.0-69-generic`` |
| Red Hat and its kin, Fedora, Amazon | ``kernel-core`` 5.14.0-70.13.1.el9_0 | ``5.14.0-70.13.1.el9_0.x86_64`` |
| … real-time, debug, 64k | ``kernel-rt-core`` 5.14.0-427.el9 | ``5.14.0-427.el9.x86_64+rt`` |
| SUSE | ``kernel-default`` 5.3.18-59.37.2 | ``5.3.18-59.37-default`` |
| Azure Linux | ``kernel`` 6.6.47.1-1.azl3 | ``6.6.47.1-1.azl3`` |
| Photon | ``linux-esx`` 5.10.4-16.ph4 | ``5.10.4-16.ph4-esx`` |
| Alpine | ``linux-lts`` 6.6.7-r0 | ``6.6.7-0-lts`` |
| Arch | ``linux-lts`` 6.6.32-1, ``linux`` 6.9.3.arch1-1 | ``6.6.32-1-lts``, ``6.9.3-arch1-1`` |

A live patch names the kernel that it patches: ``kpatch-patch-5_14_0-427_13_1`` (Red Hat),
``kernel-livepatch-6.1.10-15.42`` (Amazon), ``kernel-livepatch-5_14_21-150400_24_100-default`` (SUSE).
"""

import re
from dataclasses import dataclass
from typing import Final

from openinspector.model.inventory import Package, PackageManager

_DPKG: Final = re.compile(
    r"linux-(image|image-unsigned|modules|modules-extra|headers|tools|cloud-tools|buildinfo)-([0-9][0-9a-z.+~-]*?)"
    r"(-unsigned|-dbg|-common|-common-rt)?"
)
_DPKG_META: Final = re.compile(r"linux-(image|headers)-[a-z][a-z0-9-]*")
_DEBIAN_BUILD: Final = re.compile(r"\bDebian ([0-9][0-9A-Za-z.+~:-]*)")
_UBUNTU_BUILD: Final = re.compile(r"#([0-9]+)(~[0-9.]+)?(?:\+[0-9]+)?-Ubuntu\b")
_UBUNTU_RELEASE: Final = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+-[0-9]+)-[a-z0-9-]+")
_UBUNTU_VERSION: Final = re.compile(r"[0-9.]+-[0-9]+\.[0-9]")
_RED_HAT: Final = re.compile(
    r"kernel([0-9]+\.[0-9]+)?(?:-(rt|64k|16k|uek|ml|lt|plus|PAE|xen))?(-64k)?(-debug)?"
    r"(?:-(core|modules|modules-core|modules-extra|modules-internal|modules-partner|devel|devel-matched|uki-virt"
    r"|uki-virt-addons|container))?"
)
_SUSE: Final = re.compile(
    r"kernel-(default|azure|rt|rt_debug|64kb|kvmsmall|debug|pae|preempt|vanilla|zfcpdump|longterm|ec2|xen|trace|desktop"
    r"|bigsmp|lpae)(?:-(base|extra|optional|devel|vdso|man|hmac))?"
)
_SUSE_SHARED: Final = frozenset({"kernel-devel", "kernel-macros", "kernel-source", "kernel-syms"})
_PHOTON: Final = re.compile(r"linux(?:-(esx|rt|aws|secure))?(?:-(devel|docs|dev|drivers-[a-z]+))?")
_LIVE_PATCH: Final = re.compile(
    r"(?:kernel-livepatch|kpatch-patch|kgraft-patch)-([0-9][0-9._]*-[0-9][0-9._]*)(-[a-z0-9]+)?"
)
_BUILD_TAG: Final = re.compile(r"\.((?:el|fc|amzn|cm|azl|ph)[0-9]+)(?:_[0-9]+)?(uek|\.elrepo)?\b")
_APK: Final = re.compile(r"linux-(lts|virt|rpi[0-9]?|edge|stable|asahi|elm)")
_APK_RELEASE: Final = re.compile(r"([0-9][0-9a-z._]*)-([0-9]+)-([a-z0-9]+)")
_APK_VERSION: Final = re.compile(r"(.+)-r([0-9]+)")
_ARCH: Final = re.compile(r"linux(?:-(lts|zen|hardened|rt|rt-lts))?(-headers|-docs)?")
_ARCH_RELEASE: Final = re.compile(r"([0-9.]+)(?:-(arch|zen|hardened|rt)([0-9]+))?-([0-9.]+)(?:-([a-z-]+))?")
_ARCH_PATCH: Final = re.compile(r"\.(arch|zen|hardened|rt)([0-9]+)")
_SAME_UNAME: Final = frozenset({"rt", "uek", "plus", "ml", "lt", "PAE", "xen"})
"""Variants in Red Hat's family whose release may lack ``+variant``: only the version names them, if anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelPart:
    """The kernel releases that a package belongs to."""

    releases: frozenset[str] = frozenset()
    """As ``uname -r`` prints them."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of releases, up to a separator: for packages that several flavours or architectures share."""
    image: bool = False
    """True if it contains the kernel itself."""
    live_patch: bool = False

    def runs(self, release: str) -> bool:
        """Return True if the package belongs to the running kernel."""
        return release in self.releases or release.startswith(self.prefixes)


def kernel_part(package: Package) -> KernelPart | None:
    """Return which kernel a package belongs to; None for a package of no single kernel release."""
    match package.manager:
        case PackageManager.DPKG:
            return _dpkg(package)
        case PackageManager.RPM:
            return _rpm(package)
        case PackageManager.APK:
            return _apk(package)
        case PackageManager.PACMAN:
            return _arch(package)
        case _:
            return None


def is_kernel_package(package: Package) -> bool:
    """Return True if a package belongs to one kernel release: how it is judged depends on the kernel that runs."""
    return kernel_part(package) is not None


def is_kernel_metapackage(package: Package) -> bool:
    """Return True if a package only depends on the newest kernel: it is updated, not judged."""
    return package.manager is PackageManager.DPKG and _DPKG_META.fullmatch(package.name) is not None


def running_build(image: Package, release: str, uname_version: str) -> str:
    """Return the package version of the running kernel, if it is of the same kind as an installed image.

    Empty if uname does not give the version, or another kind of kernel runs: a container's host, a microVM, a custom
    kernel.
    """
    match image.manager:
        case PackageManager.DPKG:
            ubuntu = _UBUNTU_VERSION.match(image.version) is not None
            return _ubuntu_build(release, uname_version) if ubuntu else _debian_build(uname_version)
        case PackageManager.RPM:
            return _rpm_build(image, release)
        case _:
            return replaced_build(image, release, uname_version)


def replaced_build(image: Package, release: str, uname_version: str) -> str:
    """Return the running version of an image whose release runs; empty if every build has its own release.

    An upgrade may replace an image by another build of the same release.
    """
    match image.manager:
        case PackageManager.DPKG:
            return _debian_build(uname_version) if _UBUNTU_VERSION.match(image.version) is None else ""
        case PackageManager.APK:
            running = _APK_RELEASE.fullmatch(release)
            return f"{running[1]}-r{running[2]}" if running and image.name == f"linux-{running[3]}" else ""
        case PackageManager.PACMAN:
            return _arch_build(image, release)
        case _:
            return ""


def _dpkg(package: Package) -> KernelPart | None:
    found = _DPKG.fullmatch(package.name) if package.name.startswith("linux-") else None
    if found is None:
        return None
    image = found[1].startswith("image") and found[3] != "-dbg"
    return KernelPart(releases=frozenset({found[2]}), prefixes=(f"{found[2]}-",), image=image)


def _debian_build(uname_version: str) -> str:
    found = _DEBIAN_BUILD.search(uname_version)
    return found[1] if found else ""


def _ubuntu_build(release: str, uname_version: str) -> str:
    built, ubuntu = _UBUNTU_BUILD.search(uname_version), _UBUNTU_RELEASE.fullmatch(release)
    return f"{ubuntu[1]}.{built[1]}{built[2] or ''}" if built and ubuntu else ""


def _rpm(package: Package) -> KernelPart | None:
    version = package.version.rpartition(":")[2]
    if ".ph" in version:
        return _photon(package.name, version)
    if not package.name.startswith(("kernel", "kpatch-patch-", "kgraft-patch-")):
        return None
    patch = _LIVE_PATCH.fullmatch(package.name)
    if patch:
        return _live_patch(patch[1].replace("_", "."), patch[2] or "")
    suse = _suse(package.name, version)
    red_hat = _RED_HAT.fullmatch(package.name)
    if red_hat is None:
        return suse
    part = _red_hat(red_hat, version, package.architecture)
    if suse is None:
        return part
    return KernelPart(
        releases=part.releases | suse.releases,
        prefixes=(*part.prefixes, *suse.prefixes),
        image=part.image or suse.image,
    )


def _red_hat(found: re.Match[str], version: str, architecture: str) -> KernelPart:
    variant = "-".join(word.strip("-") for word in found.groups()[1:4] if word)
    bare = {"": True}.get(variant, variant in _SAME_UNAME)
    names = [version, f"{version}.{architecture}"]  # Azure Linux leaves the architecture out
    releases = {f"{name}+{variant}" for name in names if variant} | {name for name in names if bare}
    # without an architecture, as some SBOMs have it, any fits
    prefixes = (f"{version}.",) if bare and architecture in ("", "noarch") else ()
    return KernelPart(releases=frozenset(releases), prefixes=prefixes, image=found[5] in (None, "core", "uki-virt"))


def _suse(name: str, version: str) -> KernelPart | None:
    short = version.rpartition(".")[0]
    if name in _SUSE_SHARED:
        return KernelPart(prefixes=(f"{short}-",)) if "." in version.rpartition("-")[2] else None
    found = _SUSE.fullmatch(name)
    if found is None:
        return None
    shorts = {short}
    if found[2] == "base":  # counts its own rebuilds after the kernel's: 24.100.2.150400.24.46.6
        upstream, _, built = version.rpartition("-")
        parts = built.split(".")
        shorts = {f"{upstream}-{'.'.join(parts[:length])}" for length in range(1, len(parts))}
    return KernelPart(releases=frozenset(f"{one}-{found[1]}" for one in shorts), image=found[2] in (None, "base"))


def _photon(name: str, version: str) -> KernelPart | None:
    found = _PHOTON.fullmatch(name)
    if found is None:
        return None
    release = f"{version}-{found[1]}" if found[1] else version
    return KernelPart(releases=frozenset({release}), image=found[2] is None)


def _live_patch(kernel: str, flavour: str) -> KernelPart:
    if flavour:
        return KernelPart(releases=frozenset({f"{kernel}{flavour}"}), live_patch=True)
    return KernelPart(prefixes=tuple(f"{kernel}.{tag}" for tag in ("el", "amzn", "fc")), live_patch=True)


def _rpm_build(image: Package, release: str) -> str:
    """Return the version of a running kernel that is built like ``image`` (``.el9``, ``.amzn2023``)."""
    running = release.partition("+")[0]
    version = image.version.rpartition(":")[2]
    tag, own = _BUILD_TAG.search(running), _BUILD_TAG.search(version)
    if tag is None or own is None or tag.groups() != own.groups() or not _is_series(image.name, tag[1], running):
        return ""
    build, _, architecture = running.rpartition(".")
    if tag[1].startswith(("cm", "azl", "ph")):
        found = _BUILD_TAG.search(running)
        return running[: found.end()] if found else ""
    return build if image.architecture in ("", architecture) else ""


def _is_series(name: str, tag: str, running: str) -> bool:
    """Return True if an image belongs to the running kernel's series, which Amazon's newer names contain."""
    found = _RED_HAT.fullmatch(name)
    series = found[1] if found else None
    if series:
        return running.startswith(f"{series}.")
    return tag != "amzn2023" or running.startswith("6.1.")


def _apk(package: Package) -> KernelPart | None:
    found, version = _APK.fullmatch(package.name), _APK_VERSION.fullmatch(package.version)
    if found is None or version is None:
        return None
    return KernelPart(releases=frozenset({f"{version[1]}-{version[2]}-{found[1]}"}), image=True)


def _arch(package: Package) -> KernelPart | None:
    found = _ARCH.fullmatch(package.name)
    if found is None:
        return None
    release = _ARCH_PATCH.sub(r"-\1\2", package.version, count=1)
    release = f"{release}-{found[1]}" if found[1] else release
    return KernelPart(releases=frozenset({release}), image=found[2] is None)


def _arch_build(image: Package, release: str) -> str:
    running, name = _ARCH_RELEASE.fullmatch(release), _ARCH.fullmatch(image.name)
    if running is None or name is None or (name[1] or "") != (running[5] or ""):
        return ""
    patch = f".{running[2]}{running[3]}" if running[2] else ""
    return f"{running[1]}{patch}-{running[4]}"
