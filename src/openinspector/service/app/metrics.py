"""The vendor's metrics of targets, templates and the account (F10.12 to F10.15), under Prometheus names.

They are counted at most every five minutes, the vendor's interval: counting reads every run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from openinspector.model.agent import AgentHealth
from openinspector.model.arn import TargetArn, TemplateArn
from openinspector.service.app.target_members import TargetMembers
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore, RunFilter, TemplateFilter
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.page import all_rows

EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Figures of one target or template. The vendor's names are the field names prefixed with ``Total``."""

    matching_agents: int
    healthy_agents: int
    assessment_runs: int
    assessment_run_findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """All figures of an installation at one time."""

    at: datetime
    runs: int
    targets: Mapping[TargetArn, Tally]
    templates: Mapping[TemplateArn, Tally]


class InstallationMetrics:
    """A collector of `prometheus_client`; safe to scrape from any thread."""

    def __init__(
        self, *, assessments: AssessmentStore, agents: AgentStore, members: TargetMembers, clock: Clock
    ) -> None:
        self._assessments = assessments
        self._agents = agents
        self._members = members
        self._clock = clock
        self._lock = Lock()
        self._tallies: Tallies | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; StoreError."""
        tallies = self._current()
        total = GaugeMetricFamily("openinspector_assessment_runs", "TotalAssessmentRuns of the account.")
        total.add_metric([], tallies.runs)
        yield total
        figures: tuple[tuple[str, Mapping[TargetArn, Tally] | Mapping[TemplateArn, Tally]], ...]
        figures = (("target", tallies.targets), ("template", tallies.templates))
        for noun, by_arn in figures:
            for field in fields(Tally):
                vendor = "Total" + field.name.title().replace("_", "")
                name = f"openinspector_{noun}_{field.name}"
                gauge = GaugeMetricFamily(name, f"{vendor} of an assessment {noun}.", labels=[f"assessment_{noun}_arn"])
                for arn, tally in by_arn.items():
                    gauge.add_metric([arn], getattr(tally, field.name))
                yield gauge

    def count(self) -> Tallies:
        """Count everything now; StoreError."""
        store, now = self._assessments, self._clock.now()
        runs, findings = Counter[TemplateArn](), Counter[TemplateArn]()
        for run in all_rows(partial(store.list_runs, RunFilter())):
            runs[run.template_arn] += 1
            findings[run.template_arn] += sum(run.finding_counts.values())
        below: dict[TargetArn, list[TemplateArn]] = {}
        for template in all_rows(partial(store.list_templates, TemplateFilter())):
            below.setdefault(template.target_arn, []).append(template.arn)
        members = self._members.all_known()
        targets: dict[TargetArn, Tally] = {}
        templates: dict[TemplateArn, Tally] = {}
        for target in all_rows(partial(store.list_targets, None)):
            healths = [one.health(now) for one in self._members.among(target, members) if one.agent is not None]

            def tally(counted: Sequence[TemplateArn], healths: Sequence[AgentHealth] = healths) -> Tally:
                return Tally(
                    matching_agents=len(healths),
                    healthy_agents=healths.count(AgentHealth.HEALTHY),
                    assessment_runs=sum(runs[arn] for arn in counted),
                    assessment_run_findings=sum(findings[arn] for arn in counted),
                )

            targets[target.arn] = tally(below.get(target.arn, []))
            templates |= {arn: tally([arn]) for arn in below.get(target.arn, [])}
        return Tallies(at=now, runs=runs.total(), targets=targets, templates=templates)

    def _current(self) -> Tallies:
        with self._lock:
            if self._tallies is None or self._clock.now() - self._tallies.at >= EVERY:
                self._tallies = self.count()
            return self._tallies
