"""The streams of statements that apply to a package of a host, narrowest first, and the packages that none may judge.

A *stream* is one line of builds of one distribution: its general release (``rhel:9``), an extension of a minor release
(``rhel:9.2+eus``), a paid or optional repository (``ubuntu:22.04+esm-apps``, ``amzn:2+kernel-5.15``). The narrowest
stream that mentions a package and a vulnerability decides, because a build of an extension has its own version
numbering.

Ubuntu's extended archives come last if a host has not enabled them: a flaw that only they fix is not fixed on it.

Enabled extensions are read from the host's facts, or else from the package: the version of a build shows that it is
from an extension (``el9_2``, ``+esm1``), and no vendor numbers an ordinary build so.

Three distributions rebuild Red Hat's. CentOS is judged by Red Hat's statements, because it publishes none (inferred).
AlmaLinux and Rocky Linux are judged by their own fixes, and by Red Hat's statuses of vulnerabilities without a fix.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from openinspector.engine.extras import AMAZON_2, Builds, repositories_of
from openinspector.model.debian_release import RELEASES
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, Package, PackageManager
from openinspector.model.windows_release import WINDOWS_STREAM, parse_windows_version

RED_HAT: Final = "rhel"
EPEL: Final = "epel"
REBUILDS: Final[Mapping[str, bool]] = MappingProxyType({"almalinux": False, "rocky": False, "centos": True})
"""Rebuilds of Red Hat's distribution; True if Red Hat's fixes apply to them too, not only its statuses."""
ENTERPRISE_LINUX: Final = frozenset({RED_HAT, "ol", *REBUILDS})
"""Distributions that EPEL builds for."""

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "opensuse-microos": "opensuse-tumbleweed",
        "oracle": "ol",
        "redhat": "rhel",
        "rocky-linux": "rocky",
        "sle-hpc": "sles",
        "sle-micro-rancher": "sle-micro",
        "sle_hpc": "sles",
        "sle_rt": "sles",
        "sled": "sles",
        "sles_sap": "sles",
        "suse-microos": "sle-micro",
    }
)
"""os-release ``ID`` of variants that share the builds of another."""
_ROLLING: Final = frozenset({"arch", "opensuse-tumbleweed"})
_BY_SERVICE_PACK: Final = frozenset({"sles", "opensuse-leap"})
"""Distributions whose minor releases share only the number before the point."""
_AMAZON_1: Final = re.compile(r"201[0-9]\.[0-9]{2}")
_MINOR_BUILD: Final = re.compile(r"\.el([0-9]+)_([0-9]+)\b")
_REBUILDER: Final = re.compile(r"\.el[0-9]+\.centos|\.module_el")
_RELEASE_MARK: Final = re.compile(r"\.el([0-9]+)(?:_[0-9]+)?(?:\.centos)?")
_MODULE_BUILD: Final = re.compile(r"\.module[+_]el[0-9.]+\+[0-9]+\+[0-9a-f]+")
_PRO: Final = re.compile(r"[+~.]esm[0-9]")
_PRO_STREAMS: Final = frozenset({"esm-infra", "esm-apps", "esm-infra-legacy", "ros-esm"})
_FLAVOURS: Final = (("ksplice", re.compile(r"\.ksplice[0-9]")), ("fips", re.compile(r"[._+~]fips", re.IGNORECASE)))
_EXTRA_REPOSITORY: Final = re.compile(r"amzn2extra-(.+)")
_KERNEL_EXTRA: Final = re.compile(r"kernel-([0-9]+\.[0-9]+)")
_NUMBERED_BY_KERNEL: Final = ("kernel", "perf", "bpftool", "python-perf")
"""Prefixes of the names of Amazon's packages whose version shows their kernel topic."""
_VENDORS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "almalinux": ("almalinux",),
        "amzn": ("amazon",),
        "azurelinux": ("microsoft",),
        "centos": ("centos", "red hat"),
        "fedora": ("fedora",),
        "mariner": ("microsoft",),
        "ol": ("oracle",),
        "opensuse-leap": ("suse", "opensuse"),
        "opensuse-leap-micro": ("suse", "opensuse"),
        "opensuse-tumbleweed": ("suse", "opensuse"),
        "photon": ("vmware", "broadcom"),
        "rhel": ("red hat",),
        "rocky": ("rocky",),
        "sl-micro": ("suse",),
        "sle-micro": ("suse", "opensuse"),
        "sles": ("suse", "opensuse"),
    }
)
"""Prefixes of the rpm Vendor tag of a distribution's own builds, lower case."""
_EPEL_VENDOR: Final = "fedora"
_ORIGINS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"debian": ("Debian",), "ubuntu": ("Ubuntu",)})
"""Prefixes of the apt origin of a distribution's own archives (Release file, ``Origin``)."""
_BACKPORT: Final = re.compile(r"~bpo[0-9]+\+")


class Unjudged(StrEnum):
    """Why a package must not be judged by any advisory."""

    FOREIGN_VENDOR = "FOREIGN_VENDOR"
    """Built by another vendor, which has its own version numbering."""
    FOREIGN_REPOSITORY = "FOREIGN_REPOSITORY"
    """From a repository that the distribution's advisories do not cover."""
    UNKNOWN_REPOSITORY = "UNKNOWN_REPOSITORY"
    """From one of several repositories with their own version numbering; the host does not record which."""
    UNKNOWN_MODULE = "UNKNOWN_MODULE"
    """A modular build whose module the package database does not record."""
    UNORDERED_VERSION = "UNORDERED_VERSION"
    """The package manager cannot order the version."""


class ApplicableStream(NamedTuple):
    """One stream that may apply to a package."""

    name: str
    fixes: bool = True
    """False if only its statuses count, because its builds are another distribution's."""
    inherited: bool = False
    """True if it belongs to the distribution that the host's distribution rebuilds."""
    fallback: bool = False
    """True if it counts only when no earlier stream names the package at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionRelease:
    """The facts of a host that select its streams."""

    distribution: str
    """``<ID>:<VERSION_ID>``."""
    extensions: tuple[str, ...] = ()
    """Enabled extensions: ``esm-apps``, ``eus``."""

    @property
    def name(self) -> str:
        """The distribution's name in streams."""
        name, _, version = self.distribution.partition(":")
        return _name(name, version)


def release_of(facts: HostFacts) -> DistributionRelease:
    """Return the facts that select a host's streams."""
    system = facts.only(OperatingSystem)
    return DistributionRelease(distribution=facts.distribution, extensions=system.extensions if system else ())


def _name(identity: str, version: str) -> str:
    """Return the name in streams of an os-release ``ID``; before 2018 openSUSE used one for Leap and Tumbleweed."""
    if identity == "opensuse":
        return "opensuse-leap" if "." in version else "opensuse-tumbleweed"
    return _ALIASES.get(identity, identity)


def general_streams(distribution: str) -> tuple[str, ...]:
    """Return the general streams of a host's ``<ID>:<VERSION_ID>``, narrowest first.

    Publishers speak of a release family: a host with ``almalinux:9.4`` meets statements about ``almalinux:9``.
    """
    name, _, version = distribution.partition(":")
    name = _name(name, version)
    if name in _ROLLING:
        return (f"{name}:",)
    if name == "debian" and version in RELEASES:
        version = RELEASES[version].version_id or version
    if name == "amzn" and _AMAZON_1.fullmatch(version):
        version = "1"
    if name == "alpine" and "_alpha" in version:
        return ("alpine:edge",)
    if name in _BY_SERVICE_PACK:
        return (f"{name}:{version if '.' in version else f'{version}.0'}",)
    windows = parse_windows_version(version) if name == WINDOWS_STREAM else None
    if windows is not None:
        return (windows.stream,)
    parts = version.split(".")
    return tuple(f"{name}:{'.'.join(parts[:length])}" for length in range(len(parts), 0, -1))


def concerns(stream: str, distribution: str) -> bool:
    """Return True if statements of ``stream`` may apply to a host of ``<ID>:<VERSION_ID>``."""
    base = stream.partition("+")[0]
    general = general_streams(distribution)
    if base in general:
        return True
    name, _, major = general[-1].partition(":")
    stream_name, _, version = base.partition(":")
    if stream_name not in (RED_HAT, EPEL) or version.partition(".")[0] != major:
        return False
    if stream_name == EPEL:
        return name in ENTERPRISE_LINUX
    return name == RED_HAT or (name in REBUILDS and "." not in version)


def flavour_of(package: Package) -> str:
    """Return the kind of build a package is: ``fips``, ``ksplice``, or empty for an ordinary one."""
    return next((name for name, pattern in _FLAVOURS if pattern.search(package.version)), "")


def minor_branch(version: str) -> str:
    """Return the minor release that a build of Enterprise Linux was made for (``el9_2``); empty for other builds."""
    found = _MINOR_BUILD.search(version)
    return found[0] if found else ""


def is_rebuilt(version: str) -> bool:
    """Return True if a build carries CentOS's mark, which changes how it compares with Red Hat's build."""
    return _REBUILDER.search(version) is not None


def without_rebuilder(version: str) -> str:
    """Return the part of a version that CentOS's build and Red Hat's have in common.

    CentOS writes ``99.el7.centos.1`` where Red Hat writes ``99.el7_9.1``, and gives its modules numbers of its own.
    """
    return _MODULE_BUILD.sub(".module", _RELEASE_MARK.sub(r".el\1", version))


class HostStreams:
    """The known streams that apply to one release."""

    def __init__(
        self, release: DistributionRelease, known: Collection[str], builds: Builds = MappingProxyType({})
    ) -> None:
        self.release = release
        self._builds = builds
        relevant = [stream for stream in known if concerns(stream, release.distribution)]
        general = general_streams(release.distribution)
        self._general = [stream for stream in general if stream in relevant]
        self._extensions = sorted(stream for stream in relevant if "+" in stream)
        major = general[-1].partition(":")[2]
        self._red_hat = [s for s in (f"{RED_HAT}:{major}",) if release.name in REBUILDS and s in relevant]
        self._epel = [s for s in (f"{EPEL}:{major}",) if s in relevant]

    @property
    def known(self) -> bool:
        """True if any stream of the distribution itself, or of the one it rebuilds, is known.

        An extension is enough: Ubuntu states nothing of the general archive of a release whose support has ended.
        """
        return bool(self._general or self._extensions or self._red_hat)

    @property
    def lacks_general(self) -> bool:
        """True if only extensions are known, or only the distribution that it rebuilds: most fixes are then missing.

        Ubuntu states nothing of the general archive of a release whose support has ended; CentOS has no statements of
        its own.
        """
        own = self.release.name == "ubuntu" or REBUILDS.get(self.release.name, False)
        return self.known and not self._general and not own

    def applicable(self, package: Package) -> tuple[ApplicableStream, ...]:
        """Return the streams that may apply to a package, narrowest first."""
        if self._is_unrecorded(package):
            return tuple(ApplicableStream(stream) for stream in repositories_of(package, self._builds) or ())
        if self._epel and _of_epel(package):
            return tuple(ApplicableStream(stream) for stream in self._epel)
        narrow = list(self._narrow(package))
        own = [*narrow, *(() if self._outside_general(package) else self._general)]
        if self.release.name == "ubuntu":
            own += [stream for stream in self._extensions if stream not in narrow]
        inherited = [
            ApplicableStream(stream, fixes=REBUILDS[self.release.name], inherited=True) for stream in self._red_hat
        ]
        unknown = not package.vendor and not package.repository
        fallback = [ApplicableStream(stream, fallback=True) for stream in self._epel if unknown]
        return (*(ApplicableStream(stream) for stream in own), *inherited, *fallback)

    def unjudged(self, package: Package) -> Unjudged | None:
        """Return why a package must not be judged by these streams; None if it may."""
        reason = unjudged(self.release, package)
        if reason is None and self._is_unrecorded(package) and repositories_of(package, self._builds) is None:
            return Unjudged.UNKNOWN_REPOSITORY
        return reason

    def _is_unrecorded(self, package: Package) -> bool:
        """Return True if a package of Amazon Linux 2 may be from any of its repositories."""
        return (
            not package.repository
            and package.name in self._builds
            and general_streams(self.release.distribution)[-1] == AMAZON_2
            and not package.name.startswith(_NUMBERED_BY_KERNEL)
        )

    def _narrow(self, package: Package) -> Iterable[str]:
        match self.release.name:
            case "rhel":
                return self._minor_streams(package)
            case "ubuntu":
                return self._pro_streams(package)
            case "amzn":
                return self._extras(package)
            case _:
                return self._enabled()

    def _enabled(self) -> list[str]:
        return [stream for stream in self._extensions if stream.partition("+")[2] in self.release.extensions]

    def _minor_streams(self, package: Package) -> list[str]:
        """Return the extension streams of the build's minor release, enabled ones first."""
        built = _MINOR_BUILD.search(package.version)
        found = [s for s in self._extensions if built and s.startswith(f"rhel:{built[1]}.{built[2]}+")]
        enabled = [stream for stream in self._enabled() if stream.startswith(f"{self.release.distribution}+")]
        return list(dict.fromkeys((*enabled, *found)))

    def _pro_streams(self, package: Package) -> list[str]:
        pro = bool(_PRO.search(package.version))
        return [
            stream
            for stream in self._extensions
            if (extension := stream.partition("+")[2]) in self.release.extensions
            or (pro and extension in _PRO_STREAMS)
            or extension not in _PRO_STREAMS  # flavours and sources of their own
        ]

    def _extras(self, package: Package) -> list[str]:
        """Return the topic of Amazon Linux 2's extras that a package is from; other packages have their own names."""
        topic = _topic(package)
        if not topic and (
            not self.release.distribution.startswith("amzn:2.") and self.release.distribution != "amzn:2"
        ):
            return self._extensions
        return [stream for stream in self._extensions if stream.partition("+")[2] in topic]

    def _outside_general(self, package: Package) -> bool:
        return self.release.name == "amzn" and bool(_topic(package))


def unjudged(release: DistributionRelease, package: Package) -> Unjudged | None:
    """Return why a package must not be judged by the distribution's advisories; None if it may.

    The version scheme decides whether the version can be ordered.
    """
    if package.manager is PackageManager.RPM:
        if ".module" in package.version and not package.module:
            return Unjudged.UNKNOWN_MODULE
        vendors = _VENDORS.get(release.name, ())
        vendor = package.vendor.lower()
        if vendor and vendors and not vendor.startswith(vendors):
            return None if release.name in ENTERPRISE_LINUX and _of_epel(package) else Unjudged.FOREIGN_VENDOR
    if package.manager is PackageManager.DPKG:
        origins = _ORIGINS.get(release.name, ())
        if package.repository and origins and not package.repository.startswith(origins):
            return Unjudged.FOREIGN_REPOSITORY
        if _BACKPORT.search(package.version):
            return Unjudged.FOREIGN_REPOSITORY
    return None


def _of_epel(package: Package) -> bool:
    return package.repository.startswith(EPEL) or package.vendor.lower().startswith(_EPEL_VENDOR)


def _topic(package: Package) -> tuple[str, ...]:
    found = _EXTRA_REPOSITORY.fullmatch(package.repository)
    if found:
        return (found[1],)
    if package.name.startswith("kernel-livepatch-"):
        return ("livepatch", "kernel-livepatch")
    if not package.repository and package.name.startswith(_NUMBERED_BY_KERNEL):
        version = ".".join(package.version.rpartition(":")[2].split(".")[:2])
        return (f"kernel-{version}",) if ".amzn2" in package.version and not version.startswith("4.") else ()
    return ()
