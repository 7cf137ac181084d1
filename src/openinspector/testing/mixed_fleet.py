"""A generated fleet of several distributions, whose hosts are as similar as in real fleets.

Deterministic by seed. A host has the base packages of its distribution and those of one role. Its base packages are all
at the host's patch level; some packages of its role are at a level of their own. Equal packages are one object, as the
service decodes them. One source in four ever has advisories, few have many, and some advisories name two sources. A
source has a new version at the levels where one of its advisories is fixed.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from openinspector.model.advisory import Advisory, Fix, PackageKind, Priority, Score, Target, Vulnerability
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, Package, PackageManager, SensorState, SensorStatus
from openinspector.model.record import Record

LEVELS: Final = 8
_BINARIES: Final = ("", "-libs", "-common", "-data")
_FLAWED: Final = 0.25
"""Share of sources that have advisories."""
_OWN_LEVEL: Final = 0.3
"""Share of a role's packages that are not at their host's level."""
_TWO_SOURCES: Final = 0.03
"""Share of advisories about two sources."""


class _Distribution(NamedTuple):
    name: str
    version: str
    manager: PackageManager
    kind: PackageKind
    kernel: str

    @property
    def stream(self) -> str:
        return f"{self.name}:{self.version}"


_DISTRIBUTIONS: Final = (
    _Distribution("debian", "12", PackageManager.DPKG, PackageKind.SOURCE, "6.1.0-30-amd64"),
    _Distribution("ubuntu", "22.04", PackageManager.DPKG, PackageKind.SOURCE, "5.15.0-100-generic"),
    _Distribution("almalinux", "9", PackageManager.RPM, PackageKind.BINARY, "5.14.0-362.el9.x86_64"),
    _Distribution("alpine", "3.19", PackageManager.APK, PackageKind.SOURCE, "6.6.8-0-lts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedFleet:
    """Hosts, and the advisories about their packages."""

    seed: int = 1
    packages_per_host: int = 600
    base_packages: int = 420
    roles: int = 60
    sources: int = 1_500
    """Source packages of each distribution; each has 1 to 4 binary packages."""
    advisories: int = 10_000
    """Of each distribution."""
    _packages: dict[tuple[int, str, int], Package] = field(default_factory=dict, init=False)
    _same: dict[Package, Package] = field(default_factory=dict, init=False)
    _released: dict[tuple[int, str], list[int]] = field(default_factory=dict, init=False)
    """Levels at which a source has a new version."""
    _advisories: list[Advisory] = field(default_factory=list, init=False)
    _choices: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict, init=False)

    def hosts(self, count: int) -> Iterator[HostFacts]:
        """Yield the facts of the first ``count`` hosts, the distributions in turn."""
        for number in range(count):
            yield self.host(number)

    def host(self, number: int) -> HostFacts:
        """Return the facts of one host."""
        place = number % len(_DISTRIBUTIONS)
        distribution = _DISTRIBUTIONS[place]
        chance = random.Random(f"{self.seed}/host/{number}")
        level = chance.randrange(LEVELS)
        names = self._names(place, chance.randrange(self.roles))
        packages = tuple(
            self._package(place, name, chance.randrange(LEVELS) if at >= self.base_packages and _own(chance) else level)
            for at, name in enumerate(names)
        )
        system = OperatingSystem(
            id=distribution.name,
            version_id=distribution.version,
            architecture="x86_64",
            hostname=f"host-{number}",
            kernel_release=distribution.kernel,
        )
        records: dict[type[object], tuple[Record, ...]] = {Package: packages, OperatingSystem: (system,)}
        sensors = {
            "os_release": SensorStatus(sensor="os_release", state=SensorState.OK, records=1),
            distribution.manager.value: SensorStatus(
                sensor=distribution.manager.value, state=SensorState.OK, records=len(packages)
            ),
        }
        return HostFacts(agent_id=f"i-{number:017x}", records=records, sensors=sensors)

    def __post_init__(self) -> None:
        for place, distribution in enumerate(_DISTRIBUTIONS):
            chance = random.Random(f"{self.seed}/advisories/{place}")
            for number in range(self.advisories):
                sources = [self._flawed(chance)]
                if chance.random() < _TWO_SOURCES:
                    sources.append(self._flawed(chance))
                level = chance.randrange(1, LEVELS)
                for source in sources:
                    self._released.setdefault((place, _source(source)), []).append(level)
                self._advisories.append(_advisory(distribution, number, dict.fromkeys(sources), level))

    def all_advisories(self) -> Sequence[Advisory]:
        """Return the advisories of every distribution."""
        return self._advisories

    def vulnerabilities(self) -> dict[str, Vulnerability]:
        """Return a score for each CVE."""
        found = {}
        for number in range(self.advisories):
            cve = _cve(number)
            score = Score(version="3.1", base=number % 100 / 10, vector="", origin="nvd")
            found[cve] = Vulnerability(id=cve, scores=(score,))
        return found

    def _flawed(self, chance: random.Random) -> int:
        """Return a source that has advisories; the first ones have the most."""
        return int(self.sources * _FLAWED * chance.random() ** 3) * round(1 / _FLAWED)

    def _names(self, place: int, role: int) -> tuple[str, ...]:
        """Return the packages of a role, those of the base first."""
        chosen = self._choices.get((place, role))
        if chosen is None:
            every = [name for number in range(self.sources) for name in _binaries(number)]
            base = random.Random(f"{self.seed}/base/{place}").sample(every, self.base_packages)
            rest = sorted({*every} - {*base})
            chance = random.Random(f"{self.seed}/role/{place}/{role}")
            own = chance.sample(rest, self.packages_per_host - self.base_packages)
            chosen = self._choices[place, role] = (*base, *own)
        return chosen

    def _package(self, place: int, name: str, level: int) -> Package:
        package = self._packages.get((place, name, level))
        if package is None:
            distribution = _DISTRIBUTIONS[place]
            source = name.partition("-")[0]
            released = max((one for one in self._released.get((place, source), ()) if one <= level), default=0)
            version = _version(distribution, source, released)
            made = Package(
                manager=distribution.manager,
                name=name,
                version=version,
                architecture="x86_64" if distribution.manager is PackageManager.RPM else "amd64",
                source_name=source,
                source_version=version,
            )
            package = self._packages[place, name, level] = self._same.setdefault(made, made)
        return package


def _own(chance: random.Random) -> bool:
    return chance.random() < _OWN_LEVEL


def _source(number: int) -> str:
    return f"package{number}"


def _binaries(number: int) -> list[str]:
    return [f"{_source(number)}{ending}" for ending in _BINARIES[: 1 + number % len(_BINARIES)]]


def _advisory(distribution: _Distribution, number: int, sources: Iterable[int], level: int) -> Advisory:
    cve = _cve(number)
    return Advisory(
        id=cve,
        feed=distribution.name,
        vulnerabilities=(cve,),
        summary=f"A flaw in {', '.join(map(_source, sources))} lets a remote attacker run code.",
        priority=tuple(Priority)[number % len(Priority)],
        fixes=tuple(
            Fix(
                target=Target(stream=distribution.stream, kind=distribution.kind, name=name),
                version=_version(distribution, _source(source), level),
            )
            for source in sources
            for name in ([_source(source)] if distribution.kind is PackageKind.SOURCE else _binaries(source))
        ),
        references=(f"https://security.example.org/{cve}",),
    )


def _cve(number: int) -> str:
    return f"CVE-{2015 + number % 12}-{10_000 + number}"


def _version(distribution: _Distribution, source: str, level: int) -> str:
    match distribution.manager:
        case PackageManager.RPM:
            return f"{len(source)}.{level}-{1 + level}.el9"
        case PackageManager.APK:
            return f"{len(source)}.{level}-r{level}"
        case _:
            return f"{len(source)}.{level}-{1 + level}"
