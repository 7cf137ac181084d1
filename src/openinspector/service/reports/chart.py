"""The numbers of a report's charts: bars relative to the longest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from openinspector.model.finding import Severity
from openinspector.service.reports.content import ReportContent, SeverityCounts

TOP: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSlice:
    """A part of a bar in the colour of one severity; start and length in percent of the chart."""

    severity: Severity
    count: int
    start: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a chart."""

    label: str
    note: str
    """Another name of the line; may be empty."""
    count: int
    parts: tuple[ChartSlice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """The charts of a report; empty without findings."""

    severities: tuple[Bar, ...]
    packages: tuple[Bar, ...]
    rules: tuple[Bar, ...]
    instances: tuple[Bar, ...]


def charts(content: ReportContent) -> Charts:
    """Return the charts: findings by severity and by package, and the rules and instances with the most findings."""
    severities = [(severity.value, "", {severity: count}) for severity, count in content.counts.items()]
    packages = [(package.name, "", package.counts) for package in content.packages]
    rules = [(found.heading, "", found.counts) for found in content.findings]
    instances = [(one.hostname or one.agent_id, one.agent_id, one.counts) for one in content.instances]
    return Charts(
        severities=_bars(severities) if content.total else (),
        packages=_bars(packages) if content.total else (),
        rules=_bars(_top(rules)),
        instances=_bars(_top(instances)),
    )


_Line = tuple[str, str, SeverityCounts]


def _top(lines: Sequence[_Line]) -> list[_Line]:
    """Return the lines with the most severe findings, in the order of the report."""
    found = [line for line in lines if sum(line[2].values())]
    return sorted(found, key=lambda line: [-line[2].get(severity, 0) for severity in Severity])[:TOP]


def _bars(lines: Sequence[_Line]) -> tuple[Bar, ...]:
    longest = max((sum(counts.values()) for _, _, counts in lines), default=0) or 1
    return tuple(
        Bar(label=label, note=note, count=sum(counts.values()), parts=tuple(_parts(counts, longest)))
        for label, note, counts in lines
    )


def _parts(counts: SeverityCounts, longest: int) -> Iterable[ChartSlice]:
    start = 0.0
    for severity in Severity:
        count = counts.get(severity, 0)
        if count:
            length = round(count / longest * 100, 3)
            yield ChartSlice(severity=severity, count=count, start=round(start, 3), length=length)
            start += length
