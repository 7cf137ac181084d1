"""Makes exclusions previews: the exclusions of types 1 to 7, which are known before a run starts (F8.2, F8.6)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import structlog

from openinspector.engine.streams import concerns
from openinspector.engine.subject import Need
from openinspector.model.agent import Agent, AgentId
from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, details_of, scopes_of
from openinspector.model.rules_package import RulesPackage, RulesPackageName
from openinspector.service.app.run_agents import (
    NO_INSTANCES,
    already_running,
    excluded_instances,
    plan_run,
    unavailable_packages,
)
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.target_members import TargetMembers
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.preview_store import ExclusionsPreview, PreviewStore
from openinspector.service.ports.workflows import WorkflowContext

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewMaker:
    """Body of the workflow `PREVIEW_WORKFLOW`."""

    previews: PreviewStore
    assessments: AssessmentStore
    members: TargetMembers
    advisories: AdvisoryStore
    rules_packages: tuple[RulesPackage, ...]
    needs: RunNeeds
    clock: Clock

    def __call__(self, context: WorkflowContext, token: str) -> None:
        """Find and store the exclusions of a preview; on any failure, delete the preview."""
        context.step("foresee", lambda: self._make(token))

    def _make(self, token: str) -> str:
        try:
            preview = self.previews.get(token)
            return "deleted" if preview is None else self._made(preview)
        except Exception:  # noqa: BLE001 - otherwise the template is blocked until the preview times out
            _log.exception("exclusions_preview failed", token=token)
            self.previews.delete(token)
            return "failed"

    def _made(self, preview: ExclusionsPreview) -> str:
        found: list[ExclusionPreview] = []
        # A template deleted meanwhile has no exclusions.
        for template in self.assessments.templates_by_arn([preview.template_arn]).values():
            found += self.predict(template)
        self.previews.complete(preview.token, found)
        _log.info("exclusions_preview done", template=preview.template_arn, exclusions=len(found))
        return str(len(found))

    def predict(self, template: AssessmentTemplate) -> tuple[ExclusionPreview, ...]:
        """Return the exclusions that a run of ``template`` would start with now."""
        unavailable = unavailable_packages(self.rules_packages, template.rules_package_arns)
        targets = self.assessments.targets_by_arn([template.target_arn])
        selections = [self.members.known(target) for target in targets.values()]
        if Need.TELEMETRY not in self.needs.of(template.rules_package_arns):
            found = any(one.instance is not None for selection in selections for one in selection.members)
            return unavailable if found else (NO_INSTANCES, *unavailable)
        selected = [agent for selection in selections for agent in selection.agents]
        instances = excluded_instances(selections)
        busy = {agent for agent, _ in self.assessments.busy_agents([agent.id for agent in selected])}
        plan = plan_run(selected, busy, self.clock.now())
        free = [agent for agent in selected if agent.id in set(plan.participants)]
        known = {package.arn: package for package in self.rules_packages}
        wanted = [known[arn] for arn in template.rules_package_arns if arn in known]
        return (
            *(one for one in plan.exclusions if not (instances and one == NO_INSTANCES)),
            *instances,
            *(already_running(agent) for agent in free if agent.id in busy),
            *unavailable,
            *_unsupported(free, wanted, self.advisories.streams()),
        )


def _unsupported(
    agents: Sequence[Agent], packages: Sequence[RulesPackage], covered: Collection[str]
) -> Iterator[ExclusionPreview]:
    """Yield the hosts whose distribution no loaded advisory covers, if the template includes vulnerabilities."""
    for package in packages:
        if package.folder is not RulesPackageName.COMMON_VULNERABILITIES:
            continue
        for agent in agents:
            distribution = agent.host.distribution
            if distribution and not any(concerns(stream, distribution) for stream in covered):
                yield _uncovered(agent.id, distribution, package)


def _uncovered(agent: AgentId, distribution: str, package: RulesPackage) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS,
        description=f"Instance {agent} runs {distribution}, which no loaded advisory covers; {package.name} "
        "cannot be assessed on it.",
        recommendation="Load the feed of its distribution (openinspector feeds sync), or leave this rules package "
        "out of templates for such hosts.",
        scopes=scopes_of(agent, package.arn),
        details=details_of(DISTRIBUTION=distribution),
    )
