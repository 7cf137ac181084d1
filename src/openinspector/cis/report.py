"""The result of a benchmark on one host: every control with its status, and the numbers of each status."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from openinspector.cis.benchmark import Benchmark, Control, ControlResult, Profile
from openinspector.cis.tailoring_file import UNCHANGED, SiteTailoring
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated, distinct
from openinspector.engine.evidence import render_evidence
from openinspector.engine.waiver import Applies, Ended, Expired, Issue, OutOfScope, Suspended, WaiverStatus, decisive
from openinspector.model.facts import HostFacts
from openinspector.model.foreign_text import printable_line
from openinspector.model.ground import Ground, bounded


class ControlStatus(StrEnum):
    """Status of a control, worst first."""

    FAILED = "FAILED"
    WAIVED = "WAIVED"
    """Failed, and accepted by a waiver that has not expired."""
    NOT_JUDGED = "NOT_JUDGED"
    PASSED = "PASSED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    SWITCHED_OFF = "SWITCHED_OFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedControl:
    """One control of a report."""

    control: Control
    status: ControlStatus
    verdict: Verdict
    note: str = ""
    """Why it is waived or switched off, or why its waiver is not in force."""
    grounds: tuple[Ground, ...] = ()
    """Of a failed control: the values that a waiver may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkReport:
    """One benchmark on one host."""

    benchmark: Benchmark
    profile: Profile | None
    """The profile that selected the controls; None for all controls."""
    controls: tuple[ReportedControl, ...]
    """In the order of the benchmark."""

    @property
    def sections(self) -> Mapping[str, tuple[ReportedControl, ...]]:
        """The controls by chapter, in order."""
        chapters = distinct(each.control.section for each in self.controls)
        return {
            chapter: tuple(each for each in self.controls if each.control.section == chapter) for chapter in chapters
        }

    @property
    def worst_first(self) -> tuple[ReportedControl, ...]:
        """The controls by status, failed first."""
        order = list(ControlStatus)
        return tuple(sorted(self.controls, key=lambda each: order.index(each.status)))

    def limited_to(self, profile: Profile) -> "BenchmarkReport":
        """Return the report on the controls that a profile asks for."""
        asked = {control.number for control in self.benchmark.controls_of(profile)}
        chosen = tuple(each for each in self.controls if each.control.number in asked)
        return BenchmarkReport(benchmark=self.benchmark, profile=profile, controls=chosen)


def share_passed(controls: Sequence[ReportedControl]) -> float | None:
    """Return the share passed of the controls that passed or failed, waived ones included; None if there is none.

    Controls that were not judged do not count as passed or failed; they are counted separately.
    """
    found = counts(controls)
    judged = found[ControlStatus.PASSED] + found[ControlStatus.FAILED] + found[ControlStatus.WAIVED]
    return found[ControlStatus.PASSED] / judged if judged else None


def report(
    benchmark: Benchmark, facts: HostFacts, *, today: date, tailoring: SiteTailoring = UNCHANGED
) -> BenchmarkReport:
    """Judge one host by every control of a benchmark."""
    reporter = _Reporter(benchmark, facts.agent_id, today, tailoring)
    results = benchmark.judge(facts, tailoring.tailoring)
    return BenchmarkReport(benchmark=benchmark, profile=None, controls=tuple(map(reporter.reported, results)))


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Applies a site's choices to results on one host."""

    benchmark: Benchmark
    agent_id: str
    today: date
    site: SiteTailoring

    def reported(self, result: ControlResult) -> ReportedControl:
        """Return a result as the site counts it."""
        control, verdict = result.control, result.verdict
        issue = self.benchmark.issue(control)
        reason = self.site.tailoring.switched_off.get(issue)
        if reason is not None:
            return ReportedControl(control=control, status=ControlStatus.SWITCHED_OFF, verdict=verdict, note=reason)
        if not isinstance(verdict, Violated):
            return ReportedControl(control=control, status=_status(verdict), verdict=verdict)
        grounds = bounded(verdict.grounds)
        seen = Issue(name=issue, subject=issue, agent_id=self.agent_id, grounds=grounds)
        waived = decisive(self.site.waivers, seen, self.today)
        status = ControlStatus.WAIVED if isinstance(waived, Applies) else ControlStatus.FAILED
        return ReportedControl(control=control, status=status, verdict=verdict, note=_note(waived), grounds=grounds)


def _note(found: WaiverStatus) -> str:
    match found:
        case Applies(waiver=waiver):
            return f"Waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
        case Expired(waiver=waiver):
            return f"The waiver of {waiver.owner} expired on {waiver.expires}."
        case Ended(waiver=waiver, end=end):
            return f"The waiver of {waiver.owner} has ended: {end.change.text}."
        case Suspended(waiver=waiver, missing=ground):
            return f"The waiver of {waiver.owner} is suspended: the host does not show {ground.key}."
        case OutOfScope():
            return ""
        case _:
            assert_never(found)


def _status(verdict: Verdict) -> ControlStatus:
    match verdict:
        case Satisfied():
            return ControlStatus.PASSED
        case Violated():
            return ControlStatus.FAILED
        case Inapplicable():
            return ControlStatus.NOT_APPLICABLE
        case Unknown():
            return ControlStatus.NOT_JUDGED
        case _:
            assert_never(verdict)


def counts(controls: Sequence[ReportedControl]) -> Mapping[ControlStatus, int]:
    """Return the number of controls of each status, zeros included."""
    found = Counter(each.status for each in controls)
    return {status: found[status] for status in ControlStatus}


def explanation(reported: ReportedControl) -> str:
    """Return why a control has its status, as text of one or more lines."""
    match reported.verdict:
        case Satisfied(evidence=evidence) | Violated(evidence=evidence):
            return render_evidence(evidence)
        case Inapplicable(reason=reason) | Unknown(reason=reason):
            return printable_line(reason)
        case _:
            assert_never(reported.verdict)


def remedy(reported: ReportedControl) -> str:
    """Return what to do about a failed control; empty for others."""
    return printable_line(reported.verdict.remedy) if isinstance(reported.verdict, Violated) else ""
