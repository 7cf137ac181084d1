"""Hosts of past runs, read again where the service's data is: for plans and for replays.

The API returns no telemetry (F3.4). Whoever may read the installation's keys may open it here, as long as the run's
own key exists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openinspector.cis.tailoring_file import SiteTailoring
from openinspector.engine.match import AdvisoryIndex
from openinspector.model.advisory import Advisory, Vulnerability
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.errors import StoreError
from openinspector.model.facts import HostFacts
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.ports.assessment_store import AssessmentStore, RunFilter
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.template_choices import TemplateChoices
from openinspector.wire.telemetry import TelemetryMessage

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRuns:
    """The facts of hosts in past runs, the runs' findings, and the advisories and choices that are in force now."""

    assessments: AssessmentStore
    index: TelemetryStore
    telemetry: Telemetry
    advisories: AdvisoryCache
    findings: FindingStore
    choices: TemplateChoices

    def run(self, arn: str) -> AssessmentRun:
        """Return a run whose telemetry is still there; StoreError."""
        found = self.assessments.runs_by_arn([RunArn(arn)]).get(RunArn(arn))
        if found is None:
            raise StoreError(f"there is no run {arn}", advice="`openinspector runs list` shows them.")
        if self.index.run_key(found.arn) is None:
            raise StoreError(
                f"the telemetry of {arn} was destroyed at the end of its retention time", advice="Use a newer run."
            )
        return found

    def newest(self, agent: AgentId | None = None) -> AssessmentRun:
        """Return the newest run that has ended and whose telemetry is there, of ``agent`` if given; StoreError."""
        ended = (run for run in self._runs() if not run.in_progress and self.index.run_key(run.arn) is not None)
        newest = sorted(ended, key=lambda run: (run.created_at, run.arn), reverse=True)
        for run in newest:
            if agent is None or agent in self.assessments.run_agents(run.arn):
                return run
        what = f"of {agent} " if agent else ""
        raise StoreError(
            f"no run {what}has ended and still has its telemetry", advice="Start one and wait for its end."
        )

    def hosts(self, run: AssessmentRun) -> Sequence[AgentId]:
        """Return the hosts of a run, sorted."""
        return sorted(self.assessments.run_agents(run.arn))

    def facts(self, run: AssessmentRun, agent: AgentId) -> HostFacts:
        """Return the facts of a host as the run evaluated them; its sensors are empty if it sent nothing."""
        return self.telemetry.facts_of(run.arn, agent)

    def site_of(self, run: AssessmentRun) -> SiteTailoring:
        """Return the tailoring and the waivers of a run's template."""
        template = run.template_arn
        return SiteTailoring(tailoring=self.choices.tailoring_of(template), waivers=self.choices.waivers_of(template))

    def messages(self, run: AssessmentRun, agent: AgentId) -> Iterator[TelemetryMessage]:
        """Yield the messages that a host sent in a run."""
        return self.telemetry.read(run.arn, agent)

    def index_for(self, facts: HostFacts) -> AdvisoryIndex:
        """Return the advisories for a host."""
        return self.advisories.index_for([facts.distribution] if facts.distribution else [])

    def statements_for(self, facts: HostFacts) -> tuple[Sequence[Advisory], Sequence[Vulnerability]]:
        """Return the advisories for a host and the records of the CVEs that they name, by id."""
        advisories, vulnerabilities = self.advisories.statements_for([facts.distribution] if facts.distribution else [])
        return advisories, [vulnerabilities[name] for name in sorted(vulnerabilities)]

    def _runs(self) -> Iterator[AssessmentRun]:
        page = self.assessments.list_runs(RunFilter(), PageRequest(limit=_PAGE))
        yield from page.rows
        while page.next is not None:
            page = self.assessments.list_runs(RunFilter(), PageRequest(limit=_PAGE, after=page.next))
            yield from page.rows
