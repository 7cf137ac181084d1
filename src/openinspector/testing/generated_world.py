"""Generated inventories and advisories of an invented distribution as large as a real one.

Deterministic by seed. Every package has a list of versions. Hosts have one of them installed and advisories are fixed
in one of them, so that a known share of packages is vulnerable.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from openinspector.model.advisory import Advisory, Fix, PackageKind, Priority, Target
from openinspector.model.inventory import (
    KernelParameters,
    MonitoringStart,
    OperatingSystem,
    Package,
    PackageManager,
    SensorState,
    SensorStatus,
)
from openinspector.model.record import Record

DISTRIBUTION: Final = "debian:12"
_STEMS: Final = ("lib", "python3-", "gir1.2-", "fonts-", "lua-", "ruby-", "x11-", "")
_WORDS: Final = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "garnet", "heron", "iris", "jasper", "kelp")
_VERSIONS: Final = 6
_SHARE_BEHIND: Final = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedWorld:
    """Packages, and the advisories about them."""

    seed: int = 1
    packages: int = 3_000
    packages_per_host: int = 600
    advisories: int = 10_000
    inventories: int = 1_000_000
    """Number of distinct inventories; after that, they repeat."""
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(_name(number) for number in range(self.packages)))

    def advisories_of(self) -> Iterator[Advisory]:
        """Yield the advisories, each about one source package of `DISTRIBUTION`."""
        chance = random.Random(self.seed)
        for number in range(self.advisories):
            name = self.names[chance.randrange(self.packages)]
            cve = f"CVE-{2015 + number % 12}-{10_000 + number}"
            yield Advisory(
                id=cve,
                feed="generated",
                vulnerabilities=(cve,),
                summary=f"A flaw in {name} lets a remote attacker do what they should not.",
                priority=chance.choice(tuple(Priority)),
                fixes=(
                    Fix(
                        target=Target(stream=DISTRIBUTION, kind=PackageKind.SOURCE, name=name),
                        version=_version(name, chance.randrange(1, _VERSIONS)),
                    ),
                ),
            )

    def records_of(self, host: int) -> Iterator[tuple[str, Record]]:
        """Yield (sensor, record) as the sensors of one host would, each sensor ended by its status."""
        chance = random.Random(f"{self.seed}/{host}")
        yield "agent", MonitoringStart(agent_version="simulated", sensors=("os_release", "dpkg", "kernel_parameters"))
        yield "os_release", _operating_system(host)
        yield "os_release", _done("os_release", 1)
        for name in sorted(chance.sample(self.names, self.packages_per_host)):
            yield "dpkg", _package(name, chance)
        yield "dpkg", _done("dpkg", self.packages_per_host)
        yield "kernel_parameters", KernelParameters(values={"kernel.randomize_va_space": "2"})
        yield "kernel_parameters", _done("kernel_parameters", 1)


def _name(number: int) -> str:
    return f"{_STEMS[number % len(_STEMS)]}{_WORDS[number % len(_WORDS)]}{number}"


def _version(name: str, step: int) -> str:
    return f"{len(name)}.{step}-{1 + step % 3}+deb12u{step}"


def _package(name: str, chance: random.Random) -> Package:
    step = chance.randrange(_VERSIONS - 1) if chance.random() < _SHARE_BEHIND else _VERSIONS
    version = _version(name, step)
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture="amd64",
        source_name=name,
        source_version=version,
    )


def _operating_system(host: int) -> OperatingSystem:
    return OperatingSystem(
        id="debian",
        version_id="12",
        codename="bookworm",
        name="Debian GNU/Linux 12 (bookworm)",
        architecture="x86_64",
        hostname=f"simulated-{host}",
        kernel_release="6.1.0-30-amd64",
        kernel_version="#1 SMP PREEMPT_DYNAMIC Debian 6.1.124-1 (2025-01-12)",
    )


def _done(sensor: str, records: int) -> SensorStatus:
    return SensorStatus(sensor=sensor, state=SensorState.OK, records=records)
