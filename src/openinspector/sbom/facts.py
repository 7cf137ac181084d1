"""Converts components of an SBOM to the facts of a host.

A component becomes a package if its package URL names a package manager whose versions can be ordered and, for the
packages of a distribution, if the distribution is known: from the operating-system component, else from the purl's
``distro`` qualifier. Every other component is listed as not assessed, with the reason; none disappears.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, Package, PackageManager, SensorState, SensorStatus
from openinspector.model.purl import Purl, parse_purl
from openinspector.model.record import Record
from openinspector.sbom.distribution import Distribution, distribution_of, parse_distribution
from openinspector.sbom.document import Component, Sbom

_MANAGERS: Final[Mapping[str, PackageManager]] = MappingProxyType(
    {
        "deb": PackageManager.DPKG,
        "rpm": PackageManager.RPM,
        "apk": PackageManager.APK,
        "alpm": PackageManager.PACMAN,
        "pypi": PackageManager.PYPI,
        "npm": PackageManager.NPM,
        "gem": PackageManager.GEM,
    }
)
_OWNER: Final = "openinspector:owner"
_TRIVY: Final = "aquasecurity:trivy:"
_RPM_SOURCE: Final = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_SOURCE_ARCHITECTURES: Final = ("source", "src")


class NotAssessedReason(StrEnum):
    """Why no advisory can judge a component."""

    NO_PURL = "NO_PURL"
    """It has no package URL, or one that cannot be parsed."""
    NO_VERSION = "NO_VERSION"
    NO_DISTRIBUTION = "NO_DISTRIBUTION"
    """A distribution's package, and neither the document nor the purl names the distribution."""
    OTHER_DISTRIBUTION = "OTHER_DISTRIBUTION"
    """The purl names another distribution than the one that the document describes."""
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    """A package type that no built-in feed has advisories for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAssessed:
    """A component that no advisory can judge."""

    component: Component
    reason: NotAssessedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomFacts:
    """An SBOM as a host."""

    facts: HostFacts
    not_assessed: tuple[NotAssessed, ...]
    epochs_assumed: int
    """Number of rpm packages without an epoch in their purl; epoch 0 was assumed."""


def facts_of_sbom(sbom: Sbom, agent_id: str) -> SbomFacts:
    """Return the host that ``sbom`` describes."""
    read = [
        (component, parse_purl(component.purl)) for component in sbom.components if not component.is_operating_system
    ]
    distribution = _distribution(sbom, (purl for _, purl in read if purl is not None))
    usual_vendor = _usual_vendor(component for component, purl in read if purl is not None and purl.type == "rpm")
    packages: list[Package] = []
    not_assessed: list[NotAssessed] = []
    epochs_assumed = 0
    for component, purl in read:
        reason = _reason(component, purl, distribution)
        if purl is None or reason is not None:
            not_assessed.append(NotAssessed(component=component, reason=reason or NotAssessedReason.NO_PURL))
            continue
        packages.append(_package(component, purl, usual_vendor))
        epochs_assumed += purl.type == "rpm" and "epoch" not in purl.qualifiers and ":" not in packages[-1].version
    return SbomFacts(
        facts=_facts(agent_id, sbom, distribution, packages),
        not_assessed=tuple(not_assessed),
        epochs_assumed=epochs_assumed,
    )


def _distribution(sbom: Sbom, purls: Iterable[Purl]) -> Distribution | None:
    """Return the distribution of the operating-system component, else the one that most purls name."""
    system = sbom.operating_system
    if system is not None:
        named = distribution_of(system.name, system.version)
        if named is not None:
            return named
    found = Counter(filter(None, map(_named, purls)))
    return found.most_common(1)[0][0] if found else None


def _named(purl: Purl) -> Distribution | None:
    return parse_distribution(purl.qualifiers.get("distro", "")) if purl.type in _MANAGERS else None


def _reason(component: Component, purl: Purl | None, distribution: Distribution | None) -> NotAssessedReason | None:
    if purl is None:
        return NotAssessedReason.NO_PURL
    manager = _MANAGERS.get(purl.type)
    if manager is None:
        return NotAssessedReason.UNSUPPORTED_TYPE
    if not (purl.version or component.version):
        return NotAssessedReason.NO_VERSION
    if not manager.of_distribution:
        return None
    if distribution is None:
        return NotAssessedReason.NO_DISTRIBUTION
    named = _named(purl)
    differs = named is not None and (named.id != distribution.id or not _same_release(named, distribution))
    return NotAssessedReason.OTHER_DISTRIBUTION if differs else None


def _same_release(first: Distribution, second: Distribution) -> bool:
    """Return True if one release is the other or a point release of it: ``12`` and ``12.5``."""
    shorter, longer = sorted((first.version.split("."), second.version.split(".")), key=len)
    return longer[: len(shorter)] == shorter


def _usual_vendor(components: Iterable[Component]) -> str:
    """Return the vendor of most rpm packages, the distribution itself; empty if no vendor has the majority."""
    found = Counter(component.vendor for component in components)
    vendor, count = found.most_common(1)[0] if found else ("", 0)
    return vendor if count * 2 > found.total() else ""


def _package(component: Component, purl: Purl, usual_vendor: str) -> Package:
    manager = _MANAGERS[purl.type]
    version = purl.version or component.version
    epoch = purl.qualifiers.get("epoch", "")
    if epoch and epoch != "0" and ":" not in version:
        version = f"{epoch}:{version}"
    architecture = purl.qualifiers.get("arch", "")
    source_name, source_version = _source(component, purl, manager, version)
    return Package(
        manager=manager,
        name=_name(purl),
        version=version,
        architecture="" if architecture in _SOURCE_ARCHITECTURES else architecture,
        source_name=source_name,
        source_version=source_version,
        # only what differs says something: an SBOM's author may stand as the supplier of everything
        vendor=component.vendor if purl.type == "rpm" and usual_vendor and component.vendor != usual_vendor else "",
        module=_module(component, purl),
        owner=component.properties.get(_OWNER, ""),
    )


def _name(purl: Purl) -> str:
    return f"{purl.namespace}/{purl.name}" if purl.type == "npm" and purl.namespace else purl.name


def _source(component: Component, purl: Purl, manager: PackageManager, version: str) -> tuple[str, str]:
    """Return name and version of the source package: the ``upstream`` qualifier, else Trivy's properties."""
    upstream = purl.qualifiers.get("upstream", "")
    built = _RPM_SOURCE.fullmatch(upstream)
    if built:
        own = version.rpartition(":")[2]
        return built[1], version if built[2] == own else built[2]
    if upstream:
        name, _, source_version = upstream.partition("@")
        return name, source_version or version
    name = component.properties.get(f"{_TRIVY}SrcName", "")
    if name and manager in (PackageManager.DPKG, PackageManager.RPM, PackageManager.APK):
        return name, _trivy_version(component.properties) or version
    return _name(purl), version


def _trivy_version(properties: Mapping[str, str]) -> str:
    """Return ``[epoch:]version[-release]`` of the source package as Trivy's properties give it."""
    version = properties.get(f"{_TRIVY}SrcVersion", "")
    release = properties.get(f"{_TRIVY}SrcRelease", "")
    epoch = properties.get(f"{_TRIVY}SrcEpoch", "")
    if not version:
        return ""
    return (f"{epoch}:" if epoch and epoch != "0" else "") + version + (f"-{release}" if release else "")


def _module(component: Component, purl: Purl) -> str:
    qualifiers = purl.qualifiers
    named = qualifiers.get("rpmmod") or qualifiers.get("modularitylabel")
    return named or component.properties.get(f"{_TRIVY}Modularitylabel", "")


def _facts(agent_id: str, sbom: Sbom, distribution: Distribution | None, packages: list[Package]) -> HostFacts:
    system = OperatingSystem(
        id=distribution.id if distribution else "",
        version_id=distribution.version if distribution else "",
        hostname=sbom.subject,
    )
    records: dict[type[object], tuple[Record, ...]] = {Package: tuple(packages)}
    if distribution is not None:
        records[OperatingSystem] = (system,)
    counts = Counter(package.manager.value for package in packages)
    sensors = {name: SensorStatus(sensor=name, state=SensorState.OK, records=n) for name, n in sorted(counts.items())}
    sensors["os_release"] = SensorStatus(
        sensor="os_release",
        state=SensorState.OK if distribution else SensorState.PARTIAL,
        records=int(distribution is not None),
        details=() if distribution else ("The SBOM names no distribution.",),
    )
    return HostFacts(agent_id=agent_id, records=records, sensors=sensors)
