"""Benchmarks: tables of controls, the profiles that select them, and the results of a host."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from openinspector.cis.check import Check, Manual
from openinspector.cis.heading import heading
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Satisfied, Verdict, Violated, combine, distinct
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring

_WINDOWS: Final = "Windows Server "


class Role(Enum):
    """The use of a host; CIS gives each role its own profiles. Titles write the value."""

    ANY = ""
    SERVER = "Server"
    WORKSTATION = "Workstation"
    MEMBER_SERVER = "Member Server"
    DOMAIN_CONTROLLER = "Domain Controller"
    NEXT_GENERATION = "Next Generation Windows Security"
    """A separate profile, without a level and without the controls of others."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A level and a role, which select controls."""

    level: int
    role: Role = Role.ANY

    @property
    def label(self) -> str:
        """Its name in attributes: ``Level 1 Server``."""
        if self.role is Role.NEXT_GENERATION:
            return str(self.role.value)
        return f"Level {self.level} {self.role.value}".rstrip()


@dataclass(frozen=True, slots=True)
class Control:
    """One numbered recommendation."""

    number: str
    """``1.1.1.1``."""
    profiles: tuple[Profile, ...]
    """The profiles of the lowest level with it; higher levels include it."""
    checks: tuple[Check, ...]
    """All of them must hold."""
    heading: str = ""
    """Our title; empty if it follows from the titles of the checks."""
    severity: Severity = Severity.MEDIUM

    @property
    def title(self) -> str:
        """The requirement in our own words."""
        return self.heading or heading(check.title for check in self.checks)

    @property
    def section(self) -> str:
        """The number of the chapter: ``1``."""
        return self.number.partition(".")[0]

    @property
    def left_to_people(self) -> tuple[str, ...]:
        """Why facts alone can never prove the control; empty if they can."""
        return distinct(check.reason for check in self.checks if isinstance(check, Manual))

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge one host by every check."""
        return combine((check.judge(host) for check in self.checks), self.title)


@dataclass(frozen=True, slots=True)
class ControlResult:
    """The result of one control on one host."""

    control: Control
    verdict: Verdict

    @property
    def is_failed(self) -> bool:
        """True if the host violates the control."""
        return isinstance(self.verdict, Violated)

    @property
    def is_passed(self) -> bool:
        """True if the host meets the control."""
        return isinstance(self.verdict, Satisfied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One published benchmark for one product."""

    id: str
    """Name of its table: ``debian_12``."""
    product: str
    """Name in titles: ``Debian Linux 12``."""
    version: str
    """``1.1.0``."""
    profiles: tuple[Profile, ...]
    controls: tuple[Control, ...]
    newer: str = ""
    """A newer version than the table's that CIS has published; findings say so."""

    def title(self, profile: Profile) -> str:
        """Return the title of one profile (F5.36)."""
        if self.product.startswith(_WINDOWS):
            release = self.product.removeprefix(_WINDOWS)
            named = f"CIS Benchmark for Microsoft Windows {release}, v{self.version}, {profile.label} Profile"
            return f"{self.product} ({named})"
        return f"CIS Benchmark for {self.product} Benchmark v{self.version} {profile.label}"

    def controls_of(self, profile: Profile) -> tuple[Control, ...]:
        """Return the controls of a profile: those of its level and of lower levels."""
        return tuple(control for control in self.controls if _asks(control, profile))

    def profiles_of(self, control: Control) -> tuple[Profile, ...]:
        """Return the profiles that contain a control."""
        return tuple(profile for profile in self.profiles if _asks(control, profile))

    def issue(self, control: Control) -> str:
        """Return the name of a control that waivers and tailorings use; wording does not change it."""
        return f"{self.id}/{control.number}"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> tuple[ControlResult, ...]:
        """Judge one host by every control, once; profiles only select results."""
        host = JudgedHost(facts, tailoring)
        return tuple(ControlResult(control, control.judge(host)) for control in self.controls)

    @property
    def reads(self) -> tuple[type[Record], ...]:
        """The kinds of record that its checks read."""
        return distinct(kind for check in self._checks for kind in check.reads)

    @property
    def sensors(self) -> tuple[str, ...]:
        """The sensors whose records its checks read."""
        return distinct(name for check in self._checks for name in check.sensors)

    @property
    def _checks(self) -> Iterable[Check]:
        return (check for control in self.controls for check in control.checks)


def _asks(control: Control, profile: Profile) -> bool:
    if profile.role is Role.NEXT_GENERATION:
        return any(own.role is profile.role for own in control.profiles)
    return any(
        own.level <= profile.level and (own.role is profile.role or Role.ANY in (own.role, profile.role))
        for own in control.profiles
    )
