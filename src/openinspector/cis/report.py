"""The result of a benchmark on one host: every control with its status, and the numbers of each status."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from openinspector.cis.benchmark import Benchmark, Control, ControlResult, Profile
from openinspector.cis.check import Inapplicable, Satisfied, Unknown, Verdict, Violated, distinct
from openinspector.cis.tailoring_file import UNCHANGED, SiteTailoring, WaivedControl
from openinspector.engine.evidence import render_evidence
from openinspector.model.facts import HostFacts
from openinspector.model.foreign_text import printable_line


class ControlStatus(StrEnum):
    """How a control counts, worst first."""

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
    """Why it is waived or switched off, or that its waiver has expired."""
    waiver: WaivedControl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkReport:
    """One benchmark on one host."""

    benchmark: Benchmark
    profile: Profile | None
    """The profile that chose the controls; None for all controls."""
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

    Controls that were not judged do not count as passed or failed; they are a number of their own.
    """
    found = counts(controls)
    judged = found[ControlStatus.PASSED] + found[ControlStatus.FAILED] + found[ControlStatus.WAIVED]
    return found[ControlStatus.PASSED] / judged if judged else None


def report(
    benchmark: Benchmark, facts: HostFacts, *, today: date, tailoring: SiteTailoring = UNCHANGED
) -> BenchmarkReport:
    """Judge one host by every control of a benchmark."""
    results = benchmark.judge(facts, tailoring.variables)
    return BenchmarkReport(
        benchmark=benchmark, profile=None, controls=tuple(_reported(result, tailoring, today) for result in results)
    )


def _reported(result: ControlResult, tailoring: SiteTailoring, today: date) -> ReportedControl:
    control, verdict = result.control, result.verdict
    status = _status(verdict)
    reason = tailoring.switched_off.get(control.number)
    if reason is not None:
        return ReportedControl(control=control, status=ControlStatus.SWITCHED_OFF, verdict=verdict, note=reason)
    waiver = tailoring.waivers.get(control.number)
    if waiver is None or status is not ControlStatus.FAILED:
        return ReportedControl(control=control, status=status, verdict=verdict)
    if not waiver.is_valid(today):
        note = f"The waiver of {waiver.owner} expired on {waiver.expires}."
        return ReportedControl(control=control, status=status, verdict=verdict, note=note, waiver=waiver)
    note = f"Waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    return ReportedControl(control=control, status=ControlStatus.WAIVED, verdict=verdict, note=note, waiver=waiver)


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
