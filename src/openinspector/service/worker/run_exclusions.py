"""Exclusions of a run that are known before it collects data: types 1 to 6."""

from dataclasses import dataclass

from openinspector.engine.subject import Need
from openinspector.model.arn import target_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.exclusion import ExclusionPreview
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.run_agents import (
    NO_INSTANCES,
    came_late,
    excluded_instances,
    plan_run,
    unavailable_packages,
)
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.target_members import TargetMembers
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RunExclusions:
    """Finds the hosts and rules packages that a run cannot assess."""

    assessments: AssessmentStore
    members: TargetMembers
    rules_packages: tuple[RulesPackage, ...]
    needs: RunNeeds
    clock: Clock

    def before(self, run: AssessmentRun) -> tuple[ExclusionPreview, ...]:
        """Return the exclusions of hosts and packages that do not take part in ``run``.

        No agent is missed by a run that needs no telemetry.
        """
        unavailable = unavailable_packages(self.rules_packages, run.rules_package_arns)
        needs = self.needs.of(run.rules_package_arns)
        if Need.TELEMETRY not in needs:
            return unavailable
        targets = self.assessments.targets_by_arn([target_of(run.arn)])
        selections = [self.members.known(target) for target in targets.values()]
        selected = [agent for selection in selections for agent in selection.agents]
        participants = set(self.assessments.run_agents(run.arn))
        others = [agent for agent in selected if agent.id not in participants]
        busy = {agent for agent, _ in self.assessments.busy_agents([agent.id for agent in others])}
        plan = plan_run(others, busy, self.clock.now()) if others or not participants else None
        known = plan.exclusions if plan is not None else ()
        # In a run with a snapshot, evaluation excludes instances without an agent: the snapshot shows which exist.
        instances = () if Need.SNAPSHOT in needs else excluded_instances(selections)
        if instances or Need.SNAPSHOT in needs:
            known = tuple(one for one in known if one != NO_INSTANCES)
        late = [came_late(agent) for agent in others if plan is not None and agent.id in plan.participants]
        return (*known, *late, *instances, *unavailable)
