"""Software: packages that must or must not be installed, units that must or must not start, signed repositories."""

from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import (
    Check,
    Inapplicable,
    Satisfied,
    Tailoring,
    Unknown,
    Verdict,
    Violated,
    distinct,
    missing,
)
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import assignments, lines
from openinspector.cis.pattern import matcher
from openinspector.engine.evidence import Evidence
from openinspector.model.configuration import SystemdUnit, UnitState
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import ConfigurationFile
from openinspector.model.inventory import Package, PackageManager, SensorState
from openinspector.model.record import Record

_MANAGERS: Final = ("dpkg", "rpm")
_STARTING: Final = frozenset(
    {UnitState.ENABLED, UnitState.ENABLED_RUNTIME, UnitState.LINKED, UnitState.LINKED_RUNTIME, UnitState.GENERATED}
)
_UNITS: Final = "systemd_units"


@dataclass(frozen=True, slots=True)
class Installed:
    """One of some packages is installed."""

    names: tuple[str, ...]
    reads: tuple[type[Record], ...] = (Package,)
    sensors: tuple[str, ...] = _MANAGERS

    @property
    def title(self) -> str:
        """The packages."""
        return f"{' or '.join(self.names)} is installed"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the package database."""
        del tailoring
        gap = _unread(facts)
        if gap:
            return gap
        package = find_package(facts, self.names)
        if package is None:
            evidence = Evidence(statement=f"{' or '.join(self.names)} is not installed", source="package database")
            return Violated(evidence=evidence, remedy=f"Install {self.names[0]}.")
        return Satisfied(evidence=_installed(package))


@dataclass(frozen=True, slots=True)
class NotInstalled:
    """None of some packages is installed."""

    names: tuple[str, ...]
    """Names, or patterns such as ``xserver-xorg*``."""
    reads: tuple[type[Record], ...] = (Package,)
    sensors: tuple[str, ...] = _MANAGERS

    @property
    def title(self) -> str:
        """The packages."""
        return f"{' and '.join(self.names)} {'is' if len(self.names) == 1 else 'are'} not installed"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the package database."""
        del tailoring
        gap = _unread(facts)
        if gap:
            return gap
        package = find_package(facts, self.names)
        if package is not None:
            return Violated(evidence=_installed(package), remedy=f"Remove {package.name} unless the host needs it.")
        evidence = Evidence(statement=f"{', '.join(self.names)}: not installed", source="package database")
        return Satisfied(evidence=evidence)


@dataclass(frozen=True, slots=True)
class UnitEnabled:
    """One of some systemd units starts on boot."""

    names: tuple[str, ...]
    reads: tuple[type[Record], ...] = (SystemdUnit,)
    sensors: tuple[str, ...] = (_UNITS,)

    @property
    def title(self) -> str:
        """The units."""
        return f"{' or '.join(self.names)} starts on boot"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the unit files; a static unit is started by others and counts."""
        del tailoring
        gap = missing(facts, _UNITS)
        if gap:
            return gap
        units = {unit.name: unit for unit in facts.all(SystemdUnit)}
        if not units:
            return Inapplicable(reason="The host does not run systemd.")
        states = [(name, units[name].state if name in units else None) for name in self.names]
        for name, state in states:
            if state in _STARTING or state is UnitState.STATIC or (state is UnitState.ALIAS):
                return Satisfied(evidence=Evidence(statement=f"{name} is {state}", source=units[name].folder))
        because = tuple(Evidence(statement=f"{name} is {state or 'not installed'}") for name, state in states)
        return Violated(
            evidence=Evidence(statement=f"Not started on boot: {', '.join(self.names)}", because=because),
            remedy=f"Run `systemctl unmask {self.names[0]}` and `systemctl enable --now {self.names[0]}`.",
        )


@dataclass(frozen=True, slots=True)
class UnitsOff:
    """None of some systemd units starts on boot."""

    names: tuple[str, ...]
    reads: tuple[type[Record], ...] = (SystemdUnit,)
    sensors: tuple[str, ...] = (_UNITS,)

    @property
    def title(self) -> str:
        """The units."""
        return f"{' and '.join(self.names)} {'does' if len(self.names) == 1 else 'do'} not start on boot"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the unit files; a unit that is not installed cannot start."""
        del tailoring
        gap = missing(facts, _UNITS)
        if gap:
            return gap
        units = {unit.name: unit for unit in facts.all(SystemdUnit)}
        starting = [units[name] for name in self.names if name in units and units[name].state in _STARTING]
        if starting:
            because = tuple(Evidence(statement=f"{unit.name} is {unit.state}", source=unit.folder) for unit in starting)
            names = " ".join(unit.name for unit in starting)
            return Violated(
                evidence=Evidence(statement=f"Started on boot: {names}", because=because),
                remedy=f"Run `systemctl disable --now {names}` and `systemctl mask {names}`, or remove the package.",
            )
        return Satisfied(evidence=Evidence(statement=f"{', '.join(self.names)}: off", source="systemd unit files"))


@dataclass(frozen=True, slots=True)
class OnlyOneStarts:
    """Of alternative services exactly one starts on boot."""

    title: str
    names: tuple[str, ...]
    reads: tuple[type[Record], ...] = (SystemdUnit,)
    sensors: tuple[str, ...] = (_UNITS,)

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the unit files."""
        del tailoring
        gap = missing(facts, _UNITS)
        if gap:
            return gap
        found = sorted(u.name for u in facts.all(SystemdUnit) if u.name in self.names and u.state in _STARTING)
        evidence = Evidence(statement=f"Started on boot: {', '.join(found) or 'none of them'}", source="systemd units")
        if len(found) == 1:
            return Satisfied(evidence=evidence)
        return Violated(evidence=evidence, remedy=f"Enable one of {', '.join(self.names)} and mask the others.")


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """A requirement that applies only if one of some units starts on boot: an alternative that the host chose."""

    name: str
    """The alternative, as reasons name it."""
    units: tuple[str, ...]
    check: Check

    @property
    def title(self) -> str:
        """The requirement."""
        return self.check.title

    @property
    def reads(self) -> tuple[type[Record], ...]:
        """The check's, and units."""
        return distinct((*self.check.reads, SystemdUnit))

    @property
    def sensors(self) -> tuple[str, ...]:
        """The check's, and that of units."""
        return distinct((*self.check.sensors, _UNITS))

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the check if the alternative is in use."""
        gap = missing(facts, _UNITS)
        if gap:
            return gap
        if not any(unit.name in self.units and unit.state in _STARTING for unit in facts.all(SystemdUnit)):
            return Inapplicable(reason=f"{self.name} is not in use.")
        return self.check.judge(facts, tailoring)


@dataclass(frozen=True, slots=True)
class SignedPackages:
    """Package signatures are checked: globally, and no repository turns that off (dnf.conf(5), yum.conf(5))."""

    title: str = "Package signatures are checked for every repository"
    reads: tuple[type[Record], ...] = (ConfigurationFile, Package)
    sensors: tuple[str, ...] = (FILES, *_MANAGERS)

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge ``gpgcheck`` in the main file and in the repositories'."""
        del tailoring
        gap = missing(facts, FILES)
        if gap:
            return gap
        if not any(package.manager is PackageManager.RPM for package in facts.all(Package)):
            return Inapplicable(reason="The host does not use rpm.")
        patterns = ("/etc/dnf/dnf.conf", "/etc/yum.conf", "/etc/zypp/zypp.conf")
        values = [s for s in assignments(lines(facts, *patterns)) if s.key == "gpgcheck"]
        off = [
            s
            for s in assignments(lines(facts, *patterns, "/etc/yum.repos.d/*.repo", "/etc/zypp/repos.d/*.repo"))
            if s.key == "gpgcheck" and s.value.lower() in ("0", "no", "false", "off")
        ]
        if off or not values:
            because = tuple(Evidence(statement=f"gpgcheck is {s.value}", source=s.source) for s in off)
            statement = "Signatures are not checked" if off else "gpgcheck is not set in the main configuration"
            return Violated(
                evidence=Evidence(statement=statement, because=because),
                remedy="Set `gpgcheck=1` in the main configuration and remove `gpgcheck=0` from every repository.",
            )
        return Satisfied(evidence=Evidence(statement=f"gpgcheck is {values[-1].value}", source=values[-1].source))


def find_package(facts: HostFacts, names: tuple[str, ...]) -> Package | None:
    """Return the first installed package of the distribution whose name matches one of ``names``."""
    is_named = matcher(names)
    return next(
        (package for package in facts.all(Package) if is_named(package.name) and package.manager.of_distribution), None
    )


def _installed(package: Package) -> Evidence:
    return Evidence(statement=f"{package.name} {package.version} is installed", source=f"{package.manager} database")


def _unread(facts: HostFacts) -> Unknown | None:
    """Return why the package database cannot tell; one complete database of the two is enough."""
    states = [facts.sensors[name].state for name in _MANAGERS if name in facts.sensors]
    if SensorState.OK in states and SensorState.PARTIAL not in states and SensorState.FAILED not in states:
        return None
    return missing(facts, *_MANAGERS) or Unknown(reason="The host has no package database that is read.")
