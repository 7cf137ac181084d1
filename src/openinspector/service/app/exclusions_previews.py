"""Exclusions previews: what a run of a template would not assess, found out before it is started (F8.2, F8.6).

Types 1 to 7 can be foreseen. They are found out by a workflow, so that a preview that was promised is made even if the
process dies; who asked polls with the token.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from openinspector.engine.streams import concerns
from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.rules_package import RulesPackage, RulesPackageName
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, PreviewInProgress
from openinspector.service.app.installation import Installation
from openinspector.service.app.run_agents import already_running, plan_run
from openinspector.service.app.targets import target_agents
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.preview_store import ExclusionsPreview, PreviewInProgressError
from openinspector.service.ports.workflows import WorkflowContext

PREVIEW_WORKFLOW: Final = "exclusions_preview"
"""The workflow that finds a preview's exclusions out; its id is the preview's token."""
LIFETIME: Final = timedelta(days=1)
"""How long a preview can be read."""
PATIENCE: Final = timedelta(minutes=10)
"""How long one may be in progress; after that it hangs, and is given up."""

_log = structlog.get_logger()


def create_preview(installation: Installation, template_arn: str, token: str) -> str:
    """Begin a preview under ``token`` and return it; InvalidInput, NoSuchEntity, PreviewInProgress."""
    template = arguments.existing_template(installation, template_arn)
    now = installation.clock.now()
    installation.previews.forget(now - LIFETIME)
    try:
        begun = ExclusionsPreview(token=token, template_arn=template.arn, created_at=now)
        installation.previews.begin(begun, now - PATIENCE)
    except PreviewInProgressError as error:
        raise PreviewInProgress from error
    try:
        installation.workflows.start(PREVIEW_WORKFLOW, token, token)
    except StoreError:
        # Nobody was given the token, so nobody polls: it must not keep the template from being asked again.
        installation.previews.delete(token)
        raise
    return token


def existing_preview(installation: Installation, template_arn: str, token: str) -> ExclusionsPreview:
    """Return a template's preview, and see to it that one in progress is made; InvalidInput, NoSuchEntity."""
    template = arguments.existing_template(installation, template_arn)
    preview = installation.previews.get(token)
    if preview is None or preview.template_arn != template.arn or _hangs(preview, installation.clock.now()):
        raise InvalidInput(
            "INVALID_ATTRIBUTE",
            "The preview token is not one of this template, or its preview was made too long ago, or could not be "
            "made; ask for another one.",
        )
    if preview.exclusions is None:
        # The process may have died before the workflow was started; the same id again changes nothing.
        installation.workflows.start(PREVIEW_WORKFLOW, token, token)
    return preview


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewMaker:
    """The body of the workflow `PREVIEW_WORKFLOW`."""

    installation: Installation
    advisories: AdvisoryStore

    def __call__(self, context: WorkflowContext, token: str) -> None:
        """Find a preview's exclusions out and keep them; whatever goes wrong, it does not stay in progress."""
        context.step("foresee", lambda: self._make(token))

    def _make(self, token: str) -> str:
        try:
            preview = self.installation.previews.get(token)
            return "forgotten" if preview is None else self._made(preview)
        except Exception:  # noqa: BLE001 - the template must not wait for it until it is too old
            _log.exception("exclusions_preview failed", token=token)
            self.installation.previews.delete(token)
            return "failed"

    def _made(self, preview: ExclusionsPreview) -> str:
        found: list[ExclusionPreview] = []
        # A template deleted meanwhile is none: nothing of it can be asked for any more.
        for template in self.installation.assessments.templates_by_arn([preview.template_arn]).values():
            found += foresee(self.installation, template, self.advisories.streams())
        self.installation.previews.complete(preview.token, found)
        _log.info("exclusions_preview done", template=preview.template_arn, exclusions=len(found))
        return str(len(found))


def _hangs(preview: ExclusionsPreview, now: datetime) -> bool:
    return preview.exclusions is None and preview.created_at < now - PATIENCE


def foresee(
    installation: Installation, template: AssessmentTemplate, covered: Collection[str]
) -> tuple[ExclusionPreview, ...]:
    """Return the exclusions a run of ``template`` would begin with now.

    ``covered`` are the streams that advisories are loaded for.
    """
    targets = installation.assessments.targets_by_arn([template.target_arn])
    selected = [agent for target in targets.values() for agent in target_agents(installation, target)]
    busy = {agent for agent, _ in installation.assessments.busy_agents([agent.id for agent in selected])}
    plan = plan_run(selected, busy, installation.clock.now())
    free = [agent for agent in selected if agent.id in set(plan.participants)]
    known = {package.arn: package for package in installation.rules_packages}
    return (
        *plan.exclusions,
        *(already_running(agent) for agent in free if agent.id in busy),
        *(_deprecated(arn) for arn in template.rules_package_arns if arn not in known),
        *_unsupported(free, [known[arn] for arn in template.rules_package_arns if arn in known], covered),
    )


def _deprecated(arn: RulesPackageArn) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.DEPRECATED_RULES_PACKAGE,
        description=f"The template names the rules package {arn}, which is not offered any more.",
        recommendation="Make a new template without it.",
        scopes=(Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=arn),),
    )


def _unsupported(
    agents: Sequence[Agent], packages: Sequence[RulesPackage], covered: Collection[str]
) -> Iterator[ExclusionPreview]:
    """Yield the hosts whose system no loaded advisory speaks of, where the template asks for vulnerabilities."""
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
        description=f"Instance {agent} runs {distribution}, of which no loaded advisory speaks; {package.name} "
        "cannot be assessed on it.",
        recommendation="Load the feed of its distribution (openinspector feeds sync), or leave this rules package "
        "out of templates for such hosts.",
        scopes=(
            Scope(key=ScopeKey.INSTANCE_ID, value=agent),
            Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=package.arn),
        ),
    )
