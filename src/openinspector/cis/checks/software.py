"""Software: packages that must or must not be installed, units that must or must not start, signed repositories."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.cis.alternative import ALTERNATIVES, Alternative
from openinspector.cis.check import Check, SensedCheck
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import assignments, path_of
from openinspector.cis.host import JudgedHost
from openinspector.cis.pattern import is_pattern, matcher
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated, distinct
from openinspector.model.configuration import SystemdUnit, UnitState
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET, setting, subject
from openinspector.model.hardening import ConfigurationFile
from openinspector.model.inventory import Package, PackageManager, SensorState
from openinspector.model.record import Record
from openinspector.model.tailoring import Variable

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

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the package database."""
        gap = _unread(host)
        if gap:
            return gap
        package = find_package(host, self.names)
        if package is None:
            evidence = Evidence(statement=f"{' or '.join(self.names)} is not installed", source="package database")
            return Violated(
                evidence=evidence,
                remedy=f"Install {self.names[0]}.",
                grounds=tuple(setting(name, "not installed") for name in self.names),
            )
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

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the package database."""
        gap = _unread(host)
        if gap:
            return gap
        package = find_package(host, self.names)
        if package is not None:
            return Violated(
                evidence=_installed(package),
                remedy=f"Remove {package.name} unless the host needs it.",
                grounds=(subject("package", package.name),),
            )
        evidence = Evidence(statement=f"{', '.join(self.names)}: not installed", source="package database")
        return Satisfied(evidence=evidence)


@dataclass(frozen=True, slots=True)
class UnitEnabled(SensedCheck):
    """One of some systemd units starts on boot."""

    names: tuple[str, ...]
    reads: tuple[type[Record], ...] = (SystemdUnit,)
    sensors: tuple[str, ...] = (_UNITS,)

    @property
    def title(self) -> str:
        """The units."""
        return f"{' or '.join(self.names)} starts on boot"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the unit files; a static unit is started by others and counts."""
        units = host.once(units_by_name)
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
            grounds=tuple(setting(name, state or "not installed") for name, state in states),
        )


@dataclass(frozen=True, slots=True)
class UnitsOff(SensedCheck):
    """None of some systemd units starts on boot."""

    names: tuple[str, ...]
    reads: tuple[type[Record], ...] = (SystemdUnit,)
    sensors: tuple[str, ...] = (_UNITS,)

    @property
    def title(self) -> str:
        """The units."""
        return f"{' and '.join(self.names)} {'does' if len(self.names) == 1 else 'do'} not start on boot"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the unit files; a unit that is not installed cannot start."""
        units = host.once(units_by_name)
        starting = [units[name] for name in self.names if name in units and units[name].state in _STARTING]
        if starting:
            because = tuple(Evidence(statement=f"{unit.name} is {unit.state}", source=unit.folder) for unit in starting)
            names = " ".join(unit.name for unit in starting)
            return Violated(
                evidence=Evidence(statement=f"Started on boot: {names}", because=because),
                remedy=f"Run `systemctl disable --now {names}` and `systemctl mask {names}`, or remove the package.",
                grounds=tuple(subject("unit", unit.name) for unit in starting),
            )
        return Satisfied(evidence=Evidence(statement=f"{', '.join(self.names)}: off", source="systemd unit files"))


@dataclass(frozen=True, slots=True)
class OnlyOneStarts(SensedCheck):
    """Of alternative services exactly one starts on boot: the one that the site chose, if it chose one."""

    title: str
    names: tuple[str, ...]
    variable: Variable
    reads: tuple[type[Record], ...] = (SystemdUnit,)
    sensors: tuple[str, ...] = (_UNITS,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the unit files."""
        found = sorted(host.once(starting_units).intersection(self.names))
        evidence = Evidence(statement=f"Started on boot: {', '.join(found) or 'none of them'}", source="systemd units")
        mine = (one for one in ALTERNATIVES.values() if one.variable is self.variable)
        chosen = next((one for one in mine if one.is_chosen(host.tailoring)), None)
        if len(found) == 1 and (chosen is None or found[0] in chosen.units):
            return Satisfied(evidence=evidence)
        wanted = f"Enable {chosen.units[0]}" if chosen else f"Enable one of {', '.join(self.names)}"
        return Violated(
            evidence=evidence,
            remedy=f"{wanted} and mask the others.",
            grounds=tuple(setting("started on boot", name) for name in found) or (setting("started on boot", NOT_SET),),
        )


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """A requirement about one of several alternatives: the one that the site chose, else that starts on boot."""

    alternative: Alternative
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

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the check if the alternative is in use or chosen."""
        return not_used(host, self.alternative) or self.check.judge(host)


def not_used(host: JudgedHost, alternative: Alternative) -> Inapplicable | Unknown | None:
    """Return why requirements about an alternative do not apply: another is chosen or in use. None if they do.

    That one of them is in use is a control of its own.
    """
    chosen = alternative.is_chosen(host.tailoring)
    if chosen is not None:
        other = host.tailoring.value(alternative.variable)
        return None if chosen else Inapplicable(reason=f"The site chose {other}, not {alternative.name}.")
    gap = host.missing(_UNITS)
    if gap:
        return gap
    starting = host.once(starting_units)
    if not starting.isdisjoint(alternative.units):
        return None
    used = next(
        (
            one.name
            for one in ALTERNATIVES.values()
            if one.variable is alternative.variable and not starting.isdisjoint(one.units)
        ),
        None,
    )
    return Inapplicable(
        reason=f"The host uses {used}, not {alternative.name}." if used else f"{alternative.name} is not in use."
    )


@dataclass(frozen=True, slots=True)
class SignedPackages:
    """Package signatures are checked: globally, and no repository turns that off (dnf.conf(5), yum.conf(5))."""

    title: str = "Package signatures are checked for every repository"
    reads: tuple[type[Record], ...] = (ConfigurationFile, Package)
    sensors: tuple[str, ...] = (FILES, *_MANAGERS)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge ``gpgcheck`` in the main file and in the repositories'."""
        gap = host.missing(FILES)
        if gap:
            return gap
        if not any(package.manager is PackageManager.RPM for package in host.all(Package)):
            return Inapplicable(reason="The host does not use rpm.")
        patterns = ("/etc/dnf/dnf.conf", "/etc/yum.conf", "/etc/zypp/zypp.conf")
        values = [s for s in assignments(host.lines(*patterns)) if s.key == "gpgcheck"]
        off = [
            s
            for s in assignments(host.lines(*patterns, "/etc/yum.repos.d/*.repo", "/etc/zypp/repos.d/*.repo"))
            if s.key == "gpgcheck" and s.value.lower() in ("0", "no", "false", "off")
        ]
        if off or not values:
            because = tuple(Evidence(statement=f"gpgcheck is {s.value}", source=s.source) for s in off)
            statement = "Signatures are not checked" if off else "gpgcheck is not set in the main configuration"
            return Violated(
                evidence=Evidence(statement=statement, because=because),
                remedy="Set `gpgcheck=1` in the main configuration and remove `gpgcheck=0` from every repository.",
                grounds=tuple(setting(f"gpgcheck in {path_of(s.source)}", s.value) for s in off)
                or (setting("gpgcheck", NOT_SET),),
            )
        return Satisfied(evidence=Evidence(statement=f"gpgcheck is {values[-1].value}", source=values[-1].source))


def units_by_name(host: JudgedHost) -> Mapping[str, SystemdUnit]:
    """Return the host's units."""
    return {unit.name: unit for unit in host.all(SystemdUnit)}


def starting_units(host: JudgedHost) -> frozenset[str]:
    """Return the names of the units that start on boot."""
    return frozenset(unit.name for unit in host.all(SystemdUnit) if unit.state in _STARTING)


def _packages_by_name(host: JudgedHost) -> Mapping[str, Package]:
    """Return the first installed package of the distribution of each name."""
    found: dict[str, Package] = {}
    for package in host.all(Package):
        if package.manager.of_distribution:
            found.setdefault(package.name, package)
    return found


def find_package(host: JudgedHost, names: tuple[str, ...]) -> Package | None:
    """Return the first installed package of the distribution whose name matches one of ``names``."""
    packages = host.once(_packages_by_name)
    if not any(is_pattern(name) for name in names):
        return next((packages[name] for name in names if name in packages), None)
    is_named = matcher(names)
    return next((package for name, package in packages.items() if is_named(name)), None)


def _installed(package: Package) -> Evidence:
    return Evidence(statement=f"{package.name} {package.version} is installed", source=f"{package.manager} database")


def _unread(host: JudgedHost) -> Unknown | None:
    """Return why the package database cannot tell; one complete database of the two is enough."""
    states = [host.facts.sensors[name].state for name in _MANAGERS if name in host.facts.sensors]
    if SensorState.OK in states and SensorState.PARTIAL not in states and SensorState.FAILED not in states:
        return None
    return host.missing(*_MANAGERS) or Unknown(reason="The host has no package database that is read.")
