"""Hosts and instances that a target selects, and those of a run (F4.62 to F4.64)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from openinspector.model.agent import AgentHealth, AgentHealthCode
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.service.app.arguments import existing_run, existing_target
from openinspector.service.app.target_members import TargetMember, TargetMembers
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
    """A host or instance of a run and the telemetry that its agent sent."""

    run_arn: RunArn
    member: TargetMember
    telemetry: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Finds agents by target or run."""

    assessments: AssessmentStore
    agents: AgentStore
    members: TargetMembers
    telemetry: TelemetryStore
    clock: Clock

    def preview(self, target_arn: str, page: PageRequest) -> Page[TargetMember]:
        """Return one page of what a target selects now, by id; InvalidInput, NoSuchEntity, InvalidRole."""
        target = existing_target(self.assessments, target_arn)
        return page_of(self.members.selected(target).members, _id, page)

    def of_run(self, run_arn: str, wanted: RunAgentFilter, page: PageRequest) -> Page[RunAgent]:
        """Return one page of the hosts and instances of a run, by id; InvalidInput, NoSuchEntity."""
        run = existing_run(self.assessments, run_arn)
        matching = [member for member in self._members_of(run) if self._matches(member, wanted)]
        found = page_of(matching, _id, page)
        volumes = self.telemetry.volumes(run.arn)
        rows = tuple(
            RunAgent(
                run_arn=run.arn,
                member=member,
                telemetry=metadata_of([volumes[member.id]]) if member.id in volumes else (),
            )
            for member in found.rows
        )
        return Page(rows=rows, next=found.next)

    def _members_of(self, run: AssessmentRun) -> list[TargetMember]:
        """Return the members of a run by id. Of revoked agents and gone instances only the id is known."""
        ids = sorted({*self.assessments.run_agents(run.arn), *self.assessments.run_instances(run.arn)})
        found = self.members.described(self.agents.agents_by_id(ids), ids)
        return [found[id_] for id_ in ids]

    def _matches(self, member: TargetMember, wanted: RunAgentFilter) -> bool:
        now = self.clock.now()
        healthy = not wanted.healths or member.health(now) in wanted.healths
        return healthy and (not wanted.health_codes or member.health_code(now) in wanted.health_codes)


def _id(member: TargetMember) -> str:
    return member.id
