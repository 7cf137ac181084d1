"""The benchmark view of a report: how the controls of each benchmark came out, by section, failed first.

Each control passed, failed, is waived, was not judged or does not apply on an instance. The share passed counts judged
controls only, and a waived control as failed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Final

from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.service.ports.rule_result_store import RuleTally

MOST_NAMED: Final = 50
_CONTROL: Final = re.compile(r"\w+/[\d.]+")
_KINDS: Final = (
    OutcomeKind.PASSED,
    OutcomeKind.DETECTED,
    OutcomeKind.WAIVED,
    OutcomeKind.UNABLE,
    OutcomeKind.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCounts:
    """Numbers of verdicts: one for each control and instance."""

    passed: int = 0
    failed: int = 0
    """Without waived ones."""
    waived: int = 0
    not_judged: int = 0
    not_applicable: int = 0

    @property
    def share_passed(self) -> float | None:
        """The share passed of those judged, waived ones included; None if none was judged."""
        judged = self.passed + self.failed + self.waived
        return self.passed / judged if judged else None

    @property
    def share_text(self) -> str:
        """The share in percent: ``87 %``."""
        return "–" if self.share_passed is None else f"{100 * self.share_passed:.0f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTally:
    """One control on the instances of a benchmark."""

    number: str
    title: str
    counts: ControlCounts
    failed_on: tuple[str, ...]
    """At most `MOST_NAMED` instances, waived ones included."""
    remedy: str = ""
    """For this distribution; empty if the control failed nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionTally:
    """A chapter of a benchmark."""

    number: str
    counts: ControlCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkTally:
    """One benchmark on the instances that it covers."""

    id: str
    product: str
    version: str
    newer: str
    """A newer version that CIS has published; empty if the table is of the newest."""
    instances: int
    counts: ControlCounts
    sections: tuple[SectionTally, ...]
    controls: tuple[ControlTally, ...]
    """Those that failed on most instances first."""

    @property
    def failed(self) -> tuple[ControlTally, ...]:
        """The controls that failed somewhere, waived or not."""
        return tuple(one for one in self.controls if one.counts.failed or one.counts.waived)


def is_control(tally: RuleTally) -> bool:
    """Return True if a tally is of a control of a benchmark, not of a rule."""
    return _CONTROL.fullmatch(tally.rule.name) is not None


def benchmark_tallies(
    tallies: Iterable[RuleTally], remedies: Mapping[str, str] = MappingProxyType({})
) -> tuple[BenchmarkTally, ...]:
    """Return the benchmarks of a run; ``remedies`` by the title of the control's rule, ``5.1.20 sshd's …``."""
    controls = sorted((one for one in tallies if is_control(one)), key=lambda one: one.rule.name.partition("/")[0])
    grouped = groupby(controls, key=lambda one: one.rule.name.partition("/")[0])
    return tuple(_benchmark(benchmark_id, tuple(found), remedies) for benchmark_id, found in grouped)


def _benchmark(benchmark_id: str, tallies: Sequence[RuleTally], remedies: Mapping[str, str]) -> BenchmarkTally:
    built_in = next((one.load() for one in BENCHMARKS if one.id == benchmark_id), None)
    controls = [_control(tally, remedies) for tally in tallies]
    controls.sort(key=lambda one: (-one.counts.failed, -one.counts.waived, _order(one.number)))
    chapters = sorted({one.number.partition(".")[0] for one in controls}, key=_order)
    return BenchmarkTally(
        id=benchmark_id,
        product=built_in.product if built_in else benchmark_id,
        version=built_in.version if built_in else "",
        newer=built_in.newer if built_in else "",
        instances=len({agent for tally in tallies for agents in tally.hosts.values() for agent in agents}),
        counts=_sum(one.counts for one in controls),
        sections=tuple(
            SectionTally(
                number=chapter,
                counts=_sum(one.counts for one in controls if one.number.partition(".")[0] == chapter),
            )
            for chapter in chapters
        ),
        controls=tuple(controls),
    )


def _control(tally: RuleTally, remedies: Mapping[str, str]) -> ControlTally:
    number, _, title = tally.rule.title.partition(" ")
    passed, failed, waived, not_judged, not_applicable = (tally.count(kind) for kind in _KINDS)
    failed_on = (*tally.hosts.get(OutcomeKind.DETECTED, ()), *tally.hosts.get(OutcomeKind.WAIVED, ()))
    return ControlTally(
        number=number,
        title=title,
        counts=ControlCounts(
            passed=passed, failed=failed, waived=waived, not_judged=not_judged, not_applicable=not_applicable
        ),
        failed_on=failed_on[:MOST_NAMED],
        remedy=remedies.get(tally.rule.title, ""),
    )


def _sum(counts: Iterable[ControlCounts]) -> ControlCounts:
    total: Counter[str] = Counter()
    for one in counts:
        total.update({name: getattr(one, name) for name in ControlCounts.__slots__})
    return ControlCounts(**total)


def _order(number: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in number.split(".")]
