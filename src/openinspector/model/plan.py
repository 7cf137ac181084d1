"""Fix plans: the upgrades, restarts and reboots that close a host's vulnerability findings."""

from dataclasses import dataclass
from enum import StrEnum

from openinspector.model.exposure import Exposure
from openinspector.model.inventory import PackageManager


class PlanLimit(StrEnum):
    """Actions that a plan may ask for besides upgrades."""

    ALL = "all"
    NO_REBOOT = "no-reboot"
    NO_RESTART = "no-restart"
    """Neither a reboot nor a restart of a service."""


class Remains(StrEnum):
    """Why a plan does not close a finding."""

    NO_FIX = "NO_FIX"
    WONT_FIX = "WONT_FIX"
    END_OF_LIFE = "END_OF_LIFE"
    NEEDS_REBOOT = "NEEDS_REBOOT"
    NEEDS_RESTART = "NEEDS_RESTART"
    UNSAFE_NAME = "UNSAFE_NAME"
    """The host sent a package name that its package manager would not accept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """The worst of some findings."""

    exploited: int
    """Number of findings in CISA's catalogue of known exploited vulnerabilities."""
    epss: float
    """Highest EPSS probability; 0 if none is known."""
    score: float
    """Highest CVSS base score; 0 if none is known."""
    exposure: Exposure


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One binary package to upgrade."""

    name: str
    installed: str
    required: str
    """First version with every fix; of the source package if ``of_source``."""
    of_source: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The upgrade of the installed packages of one source: they move together."""

    manager: PackageManager
    source: str
    goals: tuple[Goal, ...]
    install: tuple[str, ...]
    """Names to give to the package manager; for kernels of Debian the package that depends on the newest one."""
    closes: tuple[str, ...]
    """Findings that this step closes after the steps before it, by id."""
    helps: int
    """Number of findings that it fixes in some of their packages and that remain."""
    urgency: Urgency
    restarts: tuple[str, ...]
    """systemd units that run code of the packages."""
    reboot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsStep:
    """The update of Windows itself. Updates are cumulative: one closes everything."""

    product: str
    installed: str
    """The build that runs."""
    required: str
    """First build with every fix."""
    updates: tuple[str, ...]
    """Updates that bring that build, such as ``KB5035857``; empty if the monthly documents are not loaded."""
    closes: tuple[str, ...]
    """Findings that it closes, by id."""
    urgency: Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot:
    """Why the host must restart, and what that closes by itself."""

    reasons: tuple[str, ...]
    closes: tuple[str, ...] = ()
    """Findings whose fix is installed and does not run yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """A finding that the plan leaves open."""

    finding: str
    package: str
    why: Remains
    word: str = ""
    """The publisher's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one host."""

    agent_id: str
    hostname: str
    distribution: str
    steps: tuple[Step, ...]
    """The most urgent first."""
    reboot: Reboot | None
    remains: tuple[Remaining, ...]
    windows: WindowsStep | None = None
    not_assessed: str = ""
    """Why nothing is known of the host's vulnerabilities; then the rest is empty."""

    @property
    def closes(self) -> int:
        """Return the number of findings that the plan closes."""
        by_restart = len(self.reboot.closes) if self.reboot else 0
        by_windows = len(self.windows.closes) if self.windows else 0
        return sum(len(step.closes) for step in self.steps) + by_windows + by_restart

    @property
    def restarts(self) -> tuple[str, ...]:
        """Return the units to restart, once each, in the order of the steps."""
        return tuple(dict.fromkeys(unit for step in self.steps for unit in step.restarts))
