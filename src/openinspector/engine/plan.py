"""The fix plan of a host: the fewest upgrades, restarts and reboots that close the most findings.

Versions of a package are totally ordered, so closing everything that has a fix is a union, not a search: one step a
source package, to the newest version that some finding needs. The packages of a source move together. Only the order is
a choice: the most urgent step first, by what it closes then. A finding that needs several steps counts for each of them
by its share.

The plan is made from matches, never from the texts of findings.
"""

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from openinspector.engine.case import Case
from openinspector.engine.fleet import Conclude, FleetJudge
from openinspector.engine.kernel import KernelRole, running_release
from openinspector.engine.kernel_part import is_kernel_metapackage
from openinspector.engine.match import AdvisoryIndex, Match
from openinspector.engine.urgency import is_exploited, urgency_of, worst
from openinspector.engine.windows_plan import windows_plan
from openinspector.model.activity import CodeModule, OutdatedImage, Process
from openinspector.model.advisory import FixState, PackageKind, Restart, Status
from openinspector.model.exposure import EXPOSURE_ORDER
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, Package, PackageManager
from openinspector.model.plan import Goal, Plan, PlanLimit, Reboot, Remaining, Remains, Step, Urgency
from openinspector.model.windows import WINDOWS

_NAMES: Final[Mapping[PackageManager, re.Pattern[str]]] = {
    PackageManager.DPKG: re.compile(r"[a-z0-9][a-z0-9+.-]{0,127}"),
    PackageManager.RPM: re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}"),
    PackageManager.APK: re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}"),
    PackageManager.PACMAN: re.compile(r"[a-z0-9@_+][a-z0-9@._+-]{0,127}"),
}
"""deb-control(5); names that rpm, apk-tools and makepkg accept."""
_UNIT: Final = re.compile(r"[A-Za-z0-9:_.\\@-]{1,240}\.service")
_NEVER_RESTARTED: Final = re.compile(r"user@[0-9]+\.service|dbus(-broker)?\.service")
"""A restart of these ends sessions: their code is replaced by a reboot."""
_REBOOT_SOURCES: Final[Mapping[PackageManager, frozenset[str]]] = {
    PackageManager.DPKG: frozenset({"glibc", "dbus"}),
    PackageManager.RPM: frozenset(
        {"dbus", "dbus-broker", "glibc", "gnutls", "linux-firmware", "microcode_ctl", "openssl", "systemd"}
    ),
}
"""Sources whose update asks for a reboot: update-notifier's hooks, and needs-restarting of dnf-utils."""

_Key = tuple[PackageManager, str]


@dataclass(slots=True)
class _Upgrade:
    """A step under construction."""

    manager: PackageManager
    source: str
    needed: dict[str, Match] = field(default_factory=dict)
    """The match with the newest fixed version, by binary package."""
    cases: list[Case] = field(default_factory=list)
    """Cases that need the step."""
    helped: int = 0
    reboot: list[str] = field(default_factory=list)

    def need(self, match: Match) -> None:
        known = self.needed.get(match.package.name)
        if known is None or match.fixed_key > known.fixed_key:
            self.needed[match.package.name] = match


def plan_of(facts: HostFacts, index: AdvisoryIndex, limit: PlanLimit = PlanLimit.ALL) -> Plan:
    """Return the plan of one host; raises as `FleetJudge.judge`."""
    system = facts.only(OperatingSystem)
    if system is not None and system.id == WINDOWS:
        return windows_plan(facts, system, index, limit)
    cases = index.once(_judge).judge(facts).conclusions
    gathered = _Gathering(facts, limit)
    for case in cases:
        gathered.add(case)
    return Plan(
        agent_id=facts.agent_id,
        hostname=system.hostname if system else "",
        distribution=facts.distribution,
        steps=tuple(gathered.steps()),
        reboot=gathered.reboot(),
        remains=tuple(gathered.remains),
        not_assessed="" if index.covers(facts.distribution) else _uncovered(facts.distribution),
    )


def _uncovered(distribution: str) -> str:
    return f"No feed in use covers {distribution}." if distribution else "The host's distribution is unknown."


def _judge(index: AdvisoryIndex) -> FleetJudge[Case]:
    """Return a judge whose conclusions are the cases; by-products are treated as packages like all others."""
    return FleetJudge(
        index, Conclude(of_case=lambda case: case, of_by_product=_never, is_by_product=lambda _package: False)
    )


def _never(matches: tuple[Match, ...]) -> Case:
    raise AssertionError(matches)


class _Gathering:
    """Collects the steps of one host from its cases."""

    def __init__(self, facts: HostFacts, limit: PlanLimit) -> None:
        self._facts = facts
        self._limit = limit
        self._users = _Users(facts)
        self._upgrades: dict[_Key, _Upgrade] = {}
        self._missing: dict[str, set[_Key]] = {}
        """By finding: the steps that it needs and that are not taken yet."""
        self._restart_closes: list[str] = []
        self._reasons: dict[str, None] = {}
        self.remains: list[Remaining] = []

    def add(self, case: Case) -> None:
        """Add the steps that a case needs, or the reason why it remains."""
        blocked = [match for match in case.deciding if (why := self._why_open(match)) is not None]
        for match in blocked:
            why = self._why_open(match)
            assert why is not None
            word = match.statement.word if isinstance(match.statement, Status) else ""
            self.remains.append(Remaining(finding=case.identity, package=match.package.name, why=why, word=word))
        needed = [match for match in case.deciding if match not in blocked]
        keys = {_key(match) for match in needed if match.installed_fix is None}
        for match in needed:
            self._need(match, case, closes=not blocked)
        if blocked:
            return
        if keys:
            self._missing[case.identity] = keys
        else:
            self._restart_closes.append(case.identity)

    def steps(self) -> Iterable[Step]:
        """Yield the steps, the most urgent first."""
        numbers = count()
        waiting = [(self._rank(upgrade), next(numbers), upgrade) for upgrade in self._upgrades.values()]
        heapq.heapify(waiting)
        taken: set[_Key] = set()
        while waiting:
            _, _, upgrade = heapq.heappop(waiting)
            key = upgrade.manager, upgrade.source
            if key in taken:
                continue
            taken.add(key)
            yield self._step(upgrade)
            # Its findings that need other steps too now count more for those.
            for other in {other for case in upgrade.cases for other in self._missing[case.identity]}:
                heapq.heappush(waiting, (self._rank(self._upgrades[other]), next(numbers), self._upgrades[other]))

    def reboot(self) -> Reboot | None:
        """Return why the host must restart; None if it need not."""
        if not self._reasons:
            return None
        return Reboot(reasons=tuple(self._reasons), closes=tuple(self._restart_closes))

    def _why_open(self, match: Match) -> Remains | None:
        if match.installed_fix is None and not match.fixed_version:
            state = match.statement.state if isinstance(match.statement, Status) else None
            return _OPEN.get(state, Remains.NO_FIX) if state else Remains.NO_FIX
        if match.installed_fix is None and not _is_safe(match.package):
            return Remains.UNSAFE_NAME
        if self._limit is not PlanLimit.ALL and _reboot_reason(match, self._facts):
            return Remains.NEEDS_REBOOT
        if self._limit is PlanLimit.NO_RESTART and self._users.units(match.package.name):
            return Remains.NEEDS_RESTART
        return None

    def _need(self, match: Match, case: Case, *, closes: bool) -> None:
        reason = _reboot_reason(match, self._facts)
        if reason and closes:
            self._reasons[reason] = None
        if match.installed_fix is not None:
            return
        key = _key(match)
        upgrade = self._upgrades.setdefault(key, _Upgrade(*key))
        upgrade.need(match)
        if reason and closes:
            upgrade.reboot.append(reason)
        if not closes:
            upgrade.helped += 1
        elif not upgrade.cases or upgrade.cases[-1] is not case:
            upgrade.cases.append(case)

    def _rank(self, upgrade: _Upgrade) -> tuple[object, ...]:
        """Return the sort key of a step: exploited, EPSS, CVSS, exposure, number of findings by their share."""
        shares = [1 / max(1, len(self._missing[case.identity])) for case in upgrade.cases]
        urgency = _urgency(upgrade.cases)
        exploited = sum(share for share, case in zip(shares, upgrade.cases, strict=True) if is_exploited(case.record))
        exposure = EXPOSURE_ORDER.index(urgency.exposure)
        return (
            not upgrade.cases, -exploited, -urgency.epss, -urgency.score, exposure, -sum(shares), upgrade.source
        )  # fmt: skip

    def _step(self, upgrade: _Upgrade) -> Step:
        closes = []
        for case in upgrade.cases:
            missing = self._missing[case.identity]
            missing.discard((upgrade.manager, upgrade.source))
            if not missing:
                closes.append(case.identity)
        restarts = dict.fromkeys(unit for name in sorted(upgrade.needed) for unit in self._users.units(name))
        return Step(
            manager=upgrade.manager,
            source=upgrade.source,
            goals=tuple(_goal(match) for _, match in sorted(upgrade.needed.items())),
            install=self._to_install(upgrade),
            closes=tuple(closes),
            helps=upgrade.helped,
            urgency=_urgency(upgrade.cases),
            restarts=tuple(restarts),
            reboot=bool(upgrade.reboot),
        )

    def _to_install(self, upgrade: _Upgrade) -> tuple[str, ...]:
        """Return the names for the package manager: Debian's kernels are upgraded through another package."""
        kernels = {name for name, match in upgrade.needed.items() if match.role is not KernelRole.ORDINARY}
        if upgrade.manager is not PackageManager.DPKG or not kernels:
            return tuple(sorted(upgrade.needed))
        headers = any(name.startswith("linux-headers") for name in kernels)
        drawing = [
            package.name
            for package in self._facts.all(Package)
            if is_kernel_metapackage(package) and _is_safe(package) and (headers or "image" in package.name)
        ]
        others = [name for name in upgrade.needed if name not in kernels]
        return tuple(sorted({*others, *(drawing or kernels)}))


_OPEN: Final = {FixState.WONT_FIX: Remains.WONT_FIX, FixState.END_OF_LIFE: Remains.END_OF_LIFE}


class _Users:
    """The systemd units that run code of a package."""

    def __init__(self, facts: HostFacts) -> None:
        processes = {process.process_id: process for process in facts.all(Process) if not process.contained}
        using: defaultdict[str, set[int]] = defaultdict(set)
        for process in processes.values():
            using[process.package].add(process.process_id)
        for module in facts.all(CodeModule):
            if not module.contained:
                using[module.package].update(module.process_ids)
        for image in facts.all(OutdatedImage):
            using[image.package].add(image.process_id)
        self._units = {
            package: tuple(sorted({unit for one in ids if (unit := _unit(processes.get(one)))}))
            for package, ids in using.items()
            if package
        }

    def units(self, package: str) -> tuple[str, ...]:
        """Return the units to restart after an upgrade of a binary package, sorted."""
        return self._units.get(package, ())


def _unit(process: Process | None) -> str:
    if process is None or not _UNIT.fullmatch(process.unit) or _NEVER_RESTARTED.fullmatch(process.unit):
        return ""
    return process.unit


def _key(match: Match) -> _Key:
    return match.package.manager, match.package.source_name


def _goal(match: Match) -> Goal:
    return Goal(
        name=match.package.name,
        installed=match.package.version,
        required=match.fixed_version,
        of_source=match.target.kind is PackageKind.SOURCE,
    )


def _is_safe(package: Package) -> bool:
    grammar = _NAMES.get(package.manager)
    return grammar is not None and grammar.fullmatch(package.name) is not None


def _reboot_reason(match: Match, facts: HostFacts) -> str:
    """Return why closing a match needs a reboot; empty if it needs none."""
    if match.installed_fix is not None:
        return f"{match.installed_fix.name} is installed, and {running_release(facts)} still runs."
    if match.role is KernelRole.RUNNING:
        return "The running kernel is upgraded."
    if match.package.source_name in _REBOOT_SOURCES.get(match.package.manager, ()):
        return f"{match.package.source_name} is in use by every process."
    if match.advisory.restart is Restart.REBOOT:
        return f"{match.advisory.id} asks for it."
    return ""


def _urgency(cases: Iterable[Case]) -> Urgency:
    return worst(
        urgency_of(case.record, case.scores, {advisory.feed for advisory in case.advisories}, case.exposure)
        for case in cases
    )
