"""Agents that a target selects, and agents of a run (F4.62 to F4.64)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from openinspector.model.agent import Agent, AgentHealth, AgentHealthCode
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.service.app.arguments import existing_run, existing_target
from openinspector.service.app.target_agents import TargetAgents
from openinspector.service.app.telemetry_metadata import metadata_of
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.page import Page, PageRequest, page_of
from openinspector.service.ports.telemetry_store import TelemetryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgentFilter:
    """AND across fields, OR within one; an empty field does not restrict (F4.62)."""

    healths: Collection[AgentHealth] = ()
    health_codes: Collection[AgentHealthCode] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgent:
    """An agent of a run and the telemetry that it sent."""

    run_arn: RunArn
    agent: Agent
    telemetry: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Finds agents by target or run."""

    assessments: AssessmentStore
    agents: AgentStore
    target_agents: TargetAgents
    telemetry: TelemetryStore
    clock: Clock

    def preview(self, target_arn: str, page: PageRequest) -> Page[Agent]:
        """Return one page of the agents that a target selects now, by id; InvalidInput, NoSuchEntity."""
        target = existing_target(self.assessments, target_arn)
        return page_of(self.target_agents.selected(target), _id, page)

    def of_run(self, run_arn: str, wanted: RunAgentFilter, page: PageRequest) -> Page[RunAgent]:
        """Return one page of the agents of a run, by id; InvalidInput, NoSuchEntity."""
        run = existing_run(self.assessments, run_arn)
        matching = [agent for agent in self._agents_of(run) if self._matches(agent, wanted)]
        found = page_of(matching, _id, page)
        volumes = self.telemetry.volumes(run.arn)
        rows = tuple(
            RunAgent(
                run_arn=run.arn,
                agent=agent,
                telemetry=metadata_of([volumes[agent.id]]) if agent.id in volumes else (),
            )
            for agent in found.rows
        )
        return Page(rows=rows, next=found.next)

    def _agents_of(self, run: AssessmentRun) -> list[Agent]:
        """Return the agents of a run by id. For a revoked agent only the id is known."""
        ids = self.assessments.run_agents(run.arn)
        known = {agent.id: agent for agent in self.agents.agents_by_id(ids)}
        return [known.get(id_) or Agent(id=id_, public_key=b"", tags=(), enrolled_at=run.created_at) for id_ in ids]

    def _matches(self, agent: Agent, wanted: RunAgentFilter) -> bool:
        now = self.clock.now()
        healthy = not wanted.healths or agent.health(now) in wanted.healths
        return healthy and (not wanted.health_codes or agent.current_health_code(now) in wanted.health_codes)


def _id(agent: Agent) -> str:
    return agent.id
