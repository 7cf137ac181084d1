"""Builders for tests of matching: hosts, packages, advisories and their index. Values of stores: see `builders`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from openinspector.engine.match import AdvisoryIndex
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status, Target
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


class TargetOptions(TypedDict, total=False):
    """The target of a statement in a test; by default a source package of Debian 12."""

    stream: str
    kind: PackageKind
    module: str
    flavour: str
    architectures: tuple[str, ...]


def target(name: str, **options: Unpack[TargetOptions]) -> Target:
    """Return a target."""
    stream, kind = options.pop("stream", "debian:12"), options.pop("kind", PackageKind.SOURCE)
    return replace(Target(stream=stream, kind=kind, name=name), **options)


def fix(name: str, version: str, *, introduced: str = "", **options: Unpack[TargetOptions]) -> Fix:
    """Return a statement that ``name`` is fixed in ``version``."""
    return Fix(target=target(name, **options), version=version, introduced=introduced)


def status(name: str, state: FixState = FixState.OPEN, *, word: str = "", **options: Unpack[TargetOptions]) -> Status:
    """Return a status of the advisory's vulnerabilities in ``name``."""
    return Status(target=target(name, **options), state=state, word=word)


def advisory(identity: str, *statements: Fix | Status, feed: str = "debian") -> Advisory:
    """Return an advisory; where ``identity`` is a CVE id it names that vulnerability, else none."""
    named = (identity,) if identity.startswith("CVE-") else ()
    return Advisory(
        id=identity,
        feed=feed,
        vulnerabilities=named,
        fixes=tuple(one for one in statements if isinstance(one, Fix)),
        statuses=tuple(one for one in statements if isinstance(one, Status)),
    )


def version_schemes() -> Mapping[str, VersionScheme]:
    """Return the built-in schemes by name."""
    return discover("openinspector.versions", "SCHEME", VersionScheme)


def index(*advisories: Advisory) -> AdvisoryIndex:
    """Return an index of these advisories with the built-in version schemes."""
    return AdvisoryIndex(advisories, schemes=version_schemes(), fingerprints={"test": "0" * 64})
