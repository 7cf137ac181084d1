"""Builders for tests of matching: hosts, packages, advisories and their index. Values of stores: see `builders`."""

from collections.abc import Iterable, Mapping

from openinspector.engine.match import AdvisoryIndex
from openinspector.model.advisory import Advisory, AffectedPackage, FixState, PackageKind
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, Package, PackageManager, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.plugins import discover
from openinspector.version import VersionScheme

AGENT = "i-0123456789abcdef0"


def installed(
    name: str, version: str, *, manager: PackageManager = PackageManager.DPKG, source: tuple[str, str] = ("", "")
) -> Package:
    """Return an installed package; ``source`` is the source package's name and version, by default its own."""
    return Package(
        manager=manager,
        name=name,
        version=version,
        architecture="x86_64" if manager is PackageManager.RPM else "amd64",
        source_name=source[0] or name,
        source_version=source[1] or version,
    )


def host(
    packages: Iterable[Package],
    *,
    distribution: str = "debian:12",
    kernel: tuple[str, str] = ("", ""),
    statuses: Iterable[SensorStatus] = (),
    others: Iterable[Record] = (),
) -> HostFacts:
    """Return a host with these packages; ``kernel`` is what ``uname -r`` and ``uname -v`` print.

    The sensors of all package managers ended well unless ``statuses`` says otherwise.
    """
    name, _, version = distribution.partition(":")
    system = OperatingSystem(id=name, version_id=version, kernel_release=kernel[0], kernel_version=kernel[1])
    records: dict[type[object], tuple[Record, ...]] = {Package: tuple(packages), OperatingSystem: (system,)}
    for record in others:
        records[type(record)] = (*records.get(type(record), ()), record)
    ended = {
        manager.value: SensorStatus(sensor=manager.value, state=SensorState.OK, records=0) for manager in PackageManager
    }
    return HostFacts(agent_id=AGENT, records=records, sensors=ended | {status.sensor: status for status in statuses})


def affected(
    name: str, fixed: str = "", *, distribution: str = "debian:12", kind: PackageKind = PackageKind.SOURCE
) -> AffectedPackage:
    """Return a statement that ``name`` is fixed in ``fixed``, or has no fix where that is empty."""
    return AffectedPackage(
        distribution=distribution,
        kind=kind,
        name=name,
        fix_state=FixState.FIXED if fixed else FixState.OPEN,
        fixed_version=fixed,
    )


def advisory(identity: str, *statements: AffectedPackage, feed: str = "debian") -> Advisory:
    """Return an advisory; where ``identity`` is a CVE id it names that vulnerability, else none."""
    named = (identity,) if identity.startswith("CVE-") else ()
    return Advisory(id=identity, feed=feed, vulnerabilities=named, affected=statements)


def version_schemes() -> Mapping[str, VersionScheme]:
    """Return the built-in schemes by name."""
    return discover("openinspector.versions", "SCHEME", VersionScheme)


def index(*advisories: Advisory) -> AdvisoryIndex:
    """Return an index of these advisories with the built-in version schemes."""
    return AdvisoryIndex(advisories, schemes=version_schemes(), fingerprints={"test": "0" * 64})
