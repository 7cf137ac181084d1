"""Which agents an assessment target selects (F4.11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from openinspector.model.agent import Agent
from openinspector.model.assessment import AssessmentTarget
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAgents:
    """Selects agents by the tags of a target's resource group."""

    assessments: AssessmentStore
    agents: AgentStore

    def selected(self, target: AssessmentTarget) -> tuple[Agent, ...]:
        """Return the agents that a target selects now, by id."""
        return self.among(target, tuple(self.agents.list_agents()))

    def among(self, target: AssessmentTarget, agents: Sequence[Agent]) -> tuple[Agent, ...]:
        """Return the members of ``agents`` that a target selects, in the given order."""
        if target.resource_group_arn is None:
            return tuple(agents)
        groups = self.assessments.resource_groups_by_arn([target.resource_group_arn])
        group = groups.get(target.resource_group_arn)
        return tuple(agent for agent in agents if group is not None and group.selects(agent.tags))
