"""Resource groups and assessment targets (F4.1 to F4.14)."""

from collections.abc import Sequence
from dataclasses import replace

from openinspector.model.agent import Agent
from openinspector.model.arn import ResourceGroupArn, RunArn, TargetArn, TemplateArn
from openinspector.model.assessment import AssessmentTarget, ResourceGroup
from openinspector.model.asset import Tag
from openinspector.service.app.arguments import existing_group, existing_target, no_such, target_arn
from openinspector.service.app.errors import InvalidInput, LimitExceeded, RunInProgress
from openinspector.service.app.installation import Installation
from openinspector.service.ports.assessment_store import MissingError, NameTakenError, QuotaError, RunInProgressError


def create_resource_group(installation: Installation, tags: tuple[Tag, ...]) -> ResourceGroupArn:
    """Add a resource group; LimitExceeded."""
    group = ResourceGroup(
        arn=installation.realm.resource_group(installation.new_id()), tags=tags, created_at=installation.clock.now()
    )
    try:
        installation.assessments.add_resource_group(group, most=installation.quotas.resource_groups)
    except QuotaError as error:
        raise LimitExceeded("RESOURCE_GROUP_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
    return group.arn


def create_target(installation: Installation, name: str, group: str | None) -> TargetArn:
    """Add a target of a group's hosts, or of all hosts; InvalidInput, NoSuchEntity, LimitExceeded."""
    group_arn = existing_group(installation, group).arn if group is not None else None
    now = installation.clock.now()
    target = AssessmentTarget(
        arn=installation.realm.target(installation.new_id()),
        name=name,
        resource_group_arn=group_arn,
        created_at=now,
        updated_at=now,
    )
    try:
        installation.assessments.add_target(target, most=installation.quotas.targets)
    except QuotaError as error:
        raise LimitExceeded("ASSESSMENT_TARGET_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
    except NameTakenError as error:
        raise _name_taken(name) from error
    return target.arn


def update_target(installation: Installation, arn: str, name: str, group: str | None) -> None:
    """Rename a target and set its group, or clear it (F4.10); InvalidInput, NoSuchEntity."""
    target = existing_target(installation, arn)
    group_arn = existing_group(installation, group).arn if group is not None else None
    changed = replace(target, name=name, resource_group_arn=group_arn, updated_at=installation.clock.now())
    try:
        installation.assessments.replace_target(changed)
    except NameTakenError as error:
        raise _name_taken(name) from error
    except MissingError as error:
        raise no_such("ASSESSMENT_TARGET_DOES_NOT_EXIST", arn) from error


def delete_target(installation: Installation, arn: str) -> None:
    """Delete a target and everything below it; InvalidInput, NoSuchEntity, RunInProgress."""
    target = target_arn(arn)
    try:
        runs = installation.assessments.delete_target(target)
    except MissingError as error:
        raise no_such("ASSESSMENT_TARGET_DOES_NOT_EXIST", arn) from error
    except RunInProgressError as error:
        raise RunInProgress(error.runs) from error
    forget_below(installation, target)
    forget_runs(installation, runs)


def target_agents(installation: Installation, target: AssessmentTarget) -> tuple[Agent, ...]:
    """Return the agents a target selects now (F4.11), by id."""
    return selected_agents(installation, target, tuple(installation.agents.list_agents()))


def selected_agents(
    installation: Installation, target: AssessmentTarget, agents: tuple[Agent, ...]
) -> tuple[Agent, ...]:
    """Return those of ``agents`` that a target selects, in their order."""
    if target.resource_group_arn is None:
        return agents
    groups = installation.assessments.resource_groups_by_arn([target.resource_group_arn])
    group = groups.get(target.resource_group_arn)
    return tuple(agent for agent in agents if group is not None and group.selects(agent.tags))


def forget_below(installation: Installation, parent: TargetArn | TemplateArn) -> None:
    """Delete what is kept of a template, or of a target's templates, beside the templates themselves."""
    installation.schedules.delete_below(parent)
    installation.subscriptions.delete_below(parent)
    installation.webhooks.delete_below(parent)


def forget_runs(installation: Installation, runs: Sequence[RunArn]) -> None:
    """Delete what runs produced, reports (F7.7) and their keys too, and shred their telemetry (F4.37).

    The runs themselves are gone, so nothing of them may be seen any more: findings go first, of all of them. The
    object store may not answer then, or the process die: outcomes of rules go last, and an empty list of them is noted
    for runs that had none, because by what is left of them an interrupted deletion is found (`runs.forget_orphans`).
    """
    for run in runs:
        installation.rule_results.record(run, (), {})
        installation.findings.delete_run(run)
        for report in installation.reports.of_run(run):
            installation.reports.delete(report.id)
        installation.notifications.delete_run(run)
    for run in runs:
        installation.forget_telemetry(run)
        installation.report_vault.delete_run(run)
        installation.rule_results.delete_run(run)


def _name_taken(name: str) -> InvalidInput:
    return InvalidInput("ASSESSMENT_TARGET_NAME_ALREADY_TAKEN", f"Another assessment target is named {name!r}.")
