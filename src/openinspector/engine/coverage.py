"""Coverage: the conclusion on each package of a host, and its reason.

Each package ends in exactly one of three:

- *affected*: a statement says that it is affected;
- *not affected*: statements apply to the package and none says that it is affected; the one shown is the newest fix
  that the package has, else a status NOT_AFFECTED;
- *not assessed*: no statement applies to the package, or it must not be judged; the reason is given.

The absence of advisories proves nothing: a package that no loaded advisory names is not assessed. Packages of
registries such as PyPI are not assessed either. Packages in containers are not the host's; an exclusion counts them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.engine.kernel import Subject, subjects
from openinspector.engine.kernel_part import is_kernel_metapackage, is_kernel_package
from openinspector.engine.match import MAX_MATCHES, AdvisoryIndex, TooManyMatchesError
from openinspector.engine.statements import ComparedStatement
from openinspector.engine.streams import DistributionRelease, Unjudged, release_of
from openinspector.model.advisory import Fix, FixState, Status
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Kernel, OperatingSystem, Package, PackageManager

_MAX_PACKAGES: Final = 500_000
"""Maximum number of cached packages of one release; a full cache is emptied. Hosts choose their packages."""
_MAX_RELEASES: Final = 1000


class Verdict(StrEnum):
    """The conclusion on a package."""

    AFFECTED = "AFFECTED"
    NOT_AFFECTED = "NOT_AFFECTED"
    NOT_ASSESSED = "NOT_ASSESSED"


class Gap(StrEnum):
    """Why a package is not assessed, besides the reasons of `openinspector.engine.streams.Unjudged`."""

    NO_ADVISORIES = "NO_ADVISORIES"
    """No loaded advisory is for the host's distribution."""
    NO_STATEMENT = "NO_STATEMENT"
    """No loaded advisory names the package or its source in a stream of the host."""
    OTHER_BUILDS = "OTHER_BUILDS"
    """The statements are limited to other architectures, modules, flavours or versions."""
    UNDER_INVESTIGATION = "UNDER_INVESTIGATION"
    """The publisher is still investigating."""
    METAPACKAGE = "METAPACKAGE"
    """It contains only a dependency on the newest kernel."""
    NOT_RUNNING_KERNEL = "NOT_RUNNING_KERNEL"
    """It belongs to a kernel that is not running."""
    REGISTRY = "REGISTRY"
    """It is from a registry such as PyPI or npm, for which no advisories are loaded."""
    PART_OF_PACKAGE = "PART_OF_PACKAGE"
    """A package of the distribution installed it, and is judged in its place."""


NOT_ASSESSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        Gap.NO_ADVISORIES: "no loaded advisory is for the distribution",
        Gap.NO_STATEMENT: "no loaded advisory names the package",
        Gap.OTHER_BUILDS: "advisories name only other builds of the package",
        Gap.UNDER_INVESTIGATION: "the publisher is still investigating",
        Gap.METAPACKAGE: "metapackage: it only depends on the newest kernel",
        Gap.NOT_RUNNING_KERNEL: "belongs to a kernel that is not running",
        Gap.REGISTRY: "package of a language registry; no advisories are loaded for it",
        Gap.PART_OF_PACKAGE: "installed by a package of the distribution, which is judged in its place",
        Unjudged.FOREIGN_VENDOR: "built by another vendor",
        Unjudged.FOREIGN_REPOSITORY: "from another repository",
        Unjudged.UNKNOWN_REPOSITORY: "in several repositories; the host does not record which it is from",
        Unjudged.UNKNOWN_MODULE: "modular build whose module is not recorded",
        Unjudged.UNORDERED_VERSION: "the package manager cannot order its version",
    }
)
"""Why a package is not assessed, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCoverage:
    """The conclusion on one package."""

    name: str
    version: str
    architecture: str
    manager: PackageManager
    verdict: Verdict
    reason: str = ""
    """A `Gap` or an `Unjudged`, if the package is not assessed."""
    vulnerabilities: int = 0
    """Number of vulnerabilities of an affected package."""
    advisory: str = ""
    """Id of the advisory that makes the statement shown."""
    stream: str = ""
    statement: str = ""
    """``FIXED`` or a `FixState`."""
    compared: str = ""
    """Version that was compared: the binary's, the source's or the running kernel's build."""
    with_version: str = ""
    """Version of the fix; empty for a status."""


def coverage_of(facts: HostFacts, index: AdvisoryIndex) -> tuple[PackageCoverage, ...]:
    """Return the conclusion on each package of a host, in the order collected.

    Conclusions on a package are cached with the index: hosts of a fleet have most packages in common. Raises
    TooManyMatchesError as `AdvisoryIndex.matches`.
    """
    return index.once(_CoverageMemory).of_host(facts)


def plain_coverage(facts: HostFacts, index: AdvisoryIndex) -> tuple[PackageCoverage, ...]:
    """Return the result of `coverage_of`, without a cache."""
    packages = facts.all(Package)
    if not index.covers(facts.distribution):
        return tuple(_gap(package, _outside(package) or Gap.NO_ADVISORIES) for package in packages)
    unjudged = {found.package: found.reason for found in index.unassessed(facts)}
    judged = {subject.package: subject for subject in subjects(facts).judged}
    affected: dict[Package, set[str]] = {}
    affecting: dict[Package, ComparedStatement] = {}
    for match in index.matches(facts):
        affected.setdefault(match.package, set()).update(match.identities)
        compared = ComparedStatement(match.advisory, match.statement, match.version, False, True)
        affecting.setdefault(match.package, compared)
    found = []
    for package in packages:
        outside = _outside(package)
        if outside is not None:
            found.append(_gap(package, outside))
        elif package in affected:
            found.append(_concluded(package, Verdict.AFFECTED, affecting[package], len(affected[package])))
        elif package in unjudged:
            found.append(_gap(package, unjudged[package]))
        elif package not in judged:
            found.append(_gap(package, Gap.METAPACKAGE if is_kernel_metapackage(package) else Gap.NOT_RUNNING_KERNEL))
        else:
            found.append(_unaffected(judged[package], index.compared(facts, judged[package])))
    return tuple(found)


def counts_of(coverage: Iterable[PackageCoverage]) -> Mapping[str, int]:
    """Return the number of packages by verdict; packages that are not assessed count by their reason."""
    return Counter(item.reason or item.verdict.value for item in coverage)


class _Remembered:
    """Cached conclusions on packages of hosts of one release. A full cache is replaced by an empty one."""

    def __init__(self) -> None:
        self.by_object: dict[int, PackageCoverage | None] = {}
        """By the `id` of packages that ``by_value`` keeps; None: the running kernel decides."""
        self.by_value: dict[Package, PackageCoverage | None] = {}


class _CoverageMemory:
    """Conclusions on packages by the hosts' release, for one index."""

    def __init__(self, index: AdvisoryIndex) -> None:
        self._index = index
        self._releases: dict[DistributionRelease, _Remembered] = {}

    def of_host(self, facts: HostFacts) -> tuple[PackageCoverage, ...]:
        packages = facts.all(Package)
        system = facts.all(OperatingSystem)
        remembered = self._remembered(release_of(facts))
        try:
            found = list(map(remembered.by_object.__getitem__, map(id, packages)))
        except KeyError:
            found = self._look_up(remembered, packages, system)
        kernels = tuple(package for package, known in zip(packages, found, strict=True) if known is None)
        if kernels:
            records = {Package: kernels, OperatingSystem: system, Kernel: facts.all(Kernel)}
            decided = iter(plain_coverage(HostFacts(agent_id="", records=records, sensors={}), self._index))
            found = [next(decided) if known is None else known for known in found]
        return tuple(known for known in found if known is not None)

    def _remembered(self, release: DistributionRelease) -> _Remembered:
        if len(self._releases) > _MAX_RELEASES:
            self._releases = {}
        remembered = self._releases.get(release)
        if remembered is None or len(remembered.by_value) > _MAX_PACKAGES:
            remembered = self._releases[release] = _Remembered()
        return remembered

    def _look_up(
        self, remembered: _Remembered, packages: tuple[Package, ...], system: tuple[OperatingSystem, ...]
    ) -> list[PackageCoverage | None]:
        found: list[PackageCoverage | None] = []
        matches = 0
        for package in packages:
            if package in remembered.by_value:
                known = remembered.by_value[package]
            else:
                known = remembered.by_value[package] = self._new(package, system)
                remembered.by_object[id(package)] = known
            found.append(known)
            matches += known.vulnerabilities if known else 0
            if matches > MAX_MATCHES:
                raise TooManyMatchesError
        return found

    def _new(self, package: Package, system: tuple[OperatingSystem, ...]) -> PackageCoverage | None:
        if package.manager.of_distribution and (is_kernel_package(package) or is_kernel_metapackage(package)):
            return None
        records = {Package: (package,), OperatingSystem: system}
        (known,) = plain_coverage(HostFacts(agent_id="", records=records, sensors={}), self._index)
        return known


def _outside(package: Package) -> Gap | None:
    """Return why the distribution's advisories do not apply to a package; None if it is the distribution's."""
    if package.manager.of_distribution:
        return None
    return Gap.PART_OF_PACKAGE if package.owner else Gap.REGISTRY


def _unaffected(subject: Subject, compared: tuple[ComparedStatement, ...]) -> PackageCoverage:
    package = subject.package
    applying = [one for one in compared if one.applies]
    reached = [one for one in applying if isinstance(one.statement, Fix) and one.reached]
    denied = [one for one in applying if _state(one.statement) is FixState.NOT_AFFECTED]
    if reached or denied:
        # Fixes come by rising version: the last is the newest.
        return _concluded(package, Verdict.NOT_AFFECTED, (reached or denied)[-1])
    if any(_state(one.statement) is FixState.UNDER_INVESTIGATION for one in applying):
        return _gap(package, Gap.UNDER_INVESTIGATION)
    return _gap(package, Gap.OTHER_BUILDS if compared else Gap.NO_STATEMENT)


def _state(statement: Fix | Status) -> FixState | None:
    return statement.state if isinstance(statement, Status) else None


def _concluded(package: Package, verdict: Verdict, one: ComparedStatement, vulnerabilities: int = 0) -> PackageCoverage:
    return PackageCoverage(
        name=package.name,
        version=package.version,
        architecture=package.architecture,
        manager=package.manager,
        verdict=verdict,
        vulnerabilities=vulnerabilities,
        advisory=one.advisory.id,
        stream=one.statement.target.stream,
        statement=one.statement.state.value if isinstance(one.statement, Status) else "FIXED",
        compared=one.version,
        with_version=one.statement.version if isinstance(one.statement, Fix) else "",
    )


def _gap(package: Package, reason: StrEnum) -> PackageCoverage:
    return PackageCoverage(
        name=package.name,
        version=package.version,
        architecture=package.architecture,
        manager=package.manager,
        verdict=Verdict.NOT_ASSESSED,
        reason=reason.value,
    )
