"""Which hosts and instances an assessment target selects (F4.3, F4.11)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openinspector.model.agent import Agent, AgentHealth, AgentHealthCode, AgentId
from openinspector.model.assessment import AssessmentTarget
from openinspector.model.asset import Tag
from openinspector.model.cloud_instance import CloudInstance
from openinspector.network.snapshot import ReadGap
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.cloud import InstanceListing


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMember:
    """A host or instance: its agent, the instance of the account, or both under one id."""

    id: AgentId
    agent: Agent | None = None
    instance: CloudInstance | None = None

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags of EC2, then those given at enrolment: either selects the host."""
        own = self.agent.tags if self.agent is not None else ()
        return (*(self.instance.tags if self.instance is not None else ()), *own)

    @property
    def auto_scaling_group(self) -> str | None:
        """Name of the Auto Scaling group; None if there is none or it is not known."""
        group = self.instance.auto_scaling_group if self.instance is not None else None
        return group or (self.agent.auto_scaling_group if self.agent is not None else None)

    def health(self, now: datetime) -> AgentHealth:
        """Return the agent's health; UNKNOWN without one."""
        return AgentHealth.UNKNOWN if self.agent is None else self.agent.health(now)

    def health_code(self, now: datetime) -> AgentHealthCode:
        """Return the agent's health code; UNKNOWN without one."""
        return AgentHealthCode.UNKNOWN if self.agent is None else self.agent.current_health_code(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The members of a target, by id, and the accounts whose instances could not be listed."""

    members: tuple[TargetMember, ...]
    gaps: tuple[ReadGap, ...] = ()

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents among the members."""
        return tuple(member.agent for member in self.members if member.agent is not None)

    @property
    def without_agent(self) -> tuple[CloudInstance, ...]:
        """The instances that have no agent."""
        return tuple(one.instance for one in self.members if one.agent is None and one.instance is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMembers:
    """Selects hosts and instances by the tags of a target's resource group."""

    assessments: AssessmentStore
    agents: AgentStore
    instances: InstanceDirectory

    def selected(self, target: AssessmentTarget) -> Selection:
        """Return what a target selects now; InvalidRole if the accounts cannot be read for their role."""
        return self._of(target, self.instances.selectable())

    def known(self, target: AssessmentTarget) -> Selection:
        """Return what a target selects by a listing of the last minutes."""
        return self._of(target, self.instances.known())

    def all_known(self) -> tuple[TargetMember, ...]:
        """Return all hosts and instances by a listing of the last minutes."""
        return _joined(self.agents.list_agents(), self.instances.known())

    def among(self, target: AssessmentTarget, members: Sequence[TargetMember]) -> tuple[TargetMember, ...]:
        """Return those of ``members`` that a target selects, in the given order."""
        if target.resource_group_arn is None:
            return tuple(members)
        groups = self.assessments.resource_groups_by_arn([target.resource_group_arn])
        group = groups.get(target.resource_group_arn)
        return tuple(member for member in members if group is not None and group.selects(member.tags))

    def described(self, agents: Iterable[Agent], ids: Iterable[AgentId]) -> Mapping[AgentId, TargetMember]:
        """Return a member for each of ``ids``, from its agent and its instance if they are known."""
        by_agent = {agent.id: agent for agent in agents}
        instances = self.instances.by_id()
        return {id_: TargetMember(id=id_, agent=by_agent.get(id_), instance=instances.get(id_)) for id_ in ids}

    def _of(self, target: AssessmentTarget, listing: InstanceListing) -> Selection:
        members = self.among(target, _joined(self.agents.list_agents(), listing))
        return Selection(members=members, gaps=listing.gaps)


def _joined(agents: Iterable[Agent], listing: InstanceListing) -> tuple[TargetMember, ...]:
    """Join agents and instances by id. An instance that has gone is none: its agent may still be known."""
    here = {one.id: one for one in listing.instances if not one.is_gone}
    members = {agent.id: TargetMember(id=agent.id, agent=agent, instance=here.get(agent.id)) for agent in agents}
    members |= {id_: TargetMember(id=id_, instance=one) for id_, one in here.items() if id_ not in members}
    return tuple(members[id_] for id_ in sorted(members))
