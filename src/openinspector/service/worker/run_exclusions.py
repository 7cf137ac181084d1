"""The exclusions of a run that are known before it collects."""

from collections.abc import Collection
from dataclasses import dataclass

from openinspector.model.arn import RulesPackageArn, target_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.exclusion import ExclusionPreview
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.run_agents import came_late, plan_run, without_rules
from openinspector.service.app.target_agents import TargetAgents
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RunExclusions:
    """Finds the hosts and rules packages that a run cannot assess."""

    assessments: AssessmentStore
    target_agents: TargetAgents
    rules_packages: tuple[RulesPackage, ...]
    with_rules: Collection[RulesPackageArn]
    """Packages that this version has rules for."""
    clock: Clock

    def before(self, run: AssessmentRun) -> tuple[ExclusionPreview, ...]:
        """Return the exclusions of a run that are known before it collects."""
        targets = self.assessments.targets_by_arn([target_of(run.arn)])
        selected = [a for target in targets.values() for a in self.target_agents.selected(target)]
        taking_part = set(self.assessments.run_agents(run.arn))
        others = [agent for agent in selected if agent.id not in taking_part]
        busy = {agent for agent, _ in self.assessments.busy_agents([agent.id for agent in others])}
        plan = plan_run(others, busy, self.clock.now()) if others or not taking_part else None
        known = plan.exclusions if plan is not None else ()
        late = [came_late(agent) for agent in others if plan is not None and agent.id in plan.participants]
        return (*known, *late, *without_rules(self.rules_packages, run.rules_package_arns, self.with_rules))
