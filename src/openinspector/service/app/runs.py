"""Assessment runs: started, stopped, deleted (F4.28 to F4.38)."""

from collections.abc import Collection
from itertools import count

from openinspector.model.arn import RulesPackageArn, RunArn, run_arn, target_of
from openinspector.model.assessment import AssessmentRun, AssessmentTemplate, StateChange, StopAction
from openinspector.model.exclusion import ExclusionPreview
from openinspector.model.finding import Severity
from openinspector.model.run_state import IN_PROGRESS, AssessmentRunState
from openinspector.service.app import arguments
from openinspector.service.app.errors import (
    AgentsBusy,
    InvalidInput,
    LimitExceeded,
    RunInProgress,
    RunNameTaken,
)
from openinspector.service.app.installation import Installation
from openinspector.service.app.run_agents import came_late, plan_run, without_rules
from openinspector.service.app.run_workflow import RUN_WORKFLOW, WAKE
from openinspector.service.app.targets import forget_below, forget_runs, target_agents
from openinspector.service.ports.assessment_store import (
    AgentsBusyError,
    MissingError,
    NameTakenError,
    QuotaError,
    RunInProgressError,
)


def start_run(installation: Installation, template_arn: str, name: str | None) -> RunArn:
    """Start a run of a template on the hosts its target selects now.

    Raises InvalidInput, NoSuchEntity, LimitExceeded, and AgentsBusy where a host that would take part is in another
    run: two runs share no instance (F4.31, F4.32).
    """
    template = arguments.existing_template(installation, template_arn)
    if not template.rules_package_arns:
        raise InvalidInput(
            "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS", "The template has no rules package; a run needs at least one."
        )
    target = arguments.existing_target(installation, template.target_arn)
    selected = target_agents(installation, target)
    busy = {agent for agent, _ in installation.assessments.busy_agents([agent.id for agent in selected])}
    plan = plan_run(selected, busy, installation.clock.now())
    quotas = installation.quotas
    numbers = count(installation.assessments.run_totals([template.arn])[template.arn].count + 1)
    while True:
        run = _new_run(installation, template, name or f"Run {next(numbers)} for {template.name}"[:140])
        try:
            installation.assessments.add_run(run, plan.participants, most=quotas.runs, most_agents=quotas.instances)
        except QuotaError as error:
            raise LimitExceeded("ASSESSMENT_RUN_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
        except NameTakenError as error:
            # A name of ours may have been taken by hand: the next number is as good.
            if name is None:
                continue
            raise RunNameTaken("INVALID_ATTRIBUTE", f"Another run of the template is named {name!r}.") from error
        except AgentsBusyError as error:
            raise AgentsBusy(error.busy) from error
        except MissingError as error:
            raise arguments.no_such("ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", template_arn) from error
        installation.workflows.start(RUN_WORKFLOW, run.arn, run.arn)
        return run.arn


def stop_run(installation: Installation, arn: str, action: StopAction) -> None:
    """Ask a run to stop; nothing on one that has ended (decisions). InvalidInput, NoSuchEntity."""
    run = arguments.existing_run(installation, arn)
    try:
        stopped = installation.assessments.request_stop(run.arn, action)
    except MissingError as error:
        raise arguments.no_such("ASSESSMENT_RUN_DOES_NOT_EXIST", arn) from error
    if stopped.in_progress:
        installation.workflows.signal(run.arn, WAKE, str(action))


def delete_run(installation: Installation, arn: str) -> None:
    """Delete a run with its findings and telemetry; InvalidInput, NoSuchEntity, RunInProgress."""
    run = arguments.run_arn(arn)
    try:
        installation.assessments.delete_run(run)
    except MissingError as error:
        raise arguments.no_such("ASSESSMENT_RUN_DOES_NOT_EXIST", arn) from error
    except RunInProgressError as error:
        raise RunInProgress(error.runs) from error
    forget_runs(installation, [run])


def exclusions_before(
    installation: Installation, run: AssessmentRun, built: Collection[RulesPackageArn]
) -> tuple[ExclusionPreview, ...]:
    """Return the exclusions of a run that are known before it collects; ``built`` are the packages with rules."""
    targets = installation.assessments.targets_by_arn([target_of(run.arn)])
    selected = [a for target in targets.values() for a in target_agents(installation, target)]
    taking_part = set(installation.assessments.run_agents(run.arn))
    others = [agent for agent in selected if agent.id not in taking_part]
    busy = {agent for agent, _ in installation.assessments.busy_agents([agent.id for agent in others])}
    plan = plan_run(others, busy, installation.clock.now()) if others or not taking_part else None
    known = plan.exclusions if plan is not None else ()
    late = [came_late(agent) for agent in others if plan is not None and agent.id in plan.participants]
    return (*known, *late, *without_rules(installation.rules_packages, run.rules_package_arns, built))


def forget_orphans(installation: Installation) -> int:
    """Forget what is kept of runs and templates that are no more; says of how many runs.

    Their deletion was interrupted: the process died, or a store did not answer. Everything is asked before it is known
    what exists, so that what is added meanwhile is not taken for a thing left behind.
    """
    templates = {
        *installation.schedules.templates(),
        *installation.subscriptions.templates(),
        *installation.webhooks.templates(),
    }
    for template in templates - installation.assessments.templates_by_arn(sorted(templates)).keys():
        forget_below(installation, template)
    produced = {
        *installation.findings.runs(),
        *installation.notifications.runs(),
        *installation.rule_results.runs(),
        *(key.run_arn for key in installation.telemetry.run_keys_created_before(installation.clock.now())),
    }
    known = installation.assessments.runs_by_arn(sorted(produced))
    orphans = sorted(produced - known.keys())
    forget_runs(installation, orphans)
    return len(orphans)


def start_pending(installation: Installation, states: Collection[AssessmentRunState] = IN_PROGRESS) -> int:
    """Start the workflow of every run in ``states`` that has none; says how many were looked at.

    The process may have died after a run was stored, or the workflow database may have refused. Only its workflow takes
    a run out of CREATED, so that state is all there is to look at once a service is up. A workflow has its run's ARN as
    id: of two starts of it, one does nothing. A stop asked for meanwhile is kept with the run, and read first.
    """
    runs = installation.assessments.runs_in_states(sorted(states))
    for run in runs:
        installation.workflows.start(RUN_WORKFLOW, run.arn, run.arn)
    return len(runs)


def _new_run(installation: Installation, template: AssessmentTemplate, name: str) -> AssessmentRun:
    now = installation.clock.now()
    return AssessmentRun(
        arn=run_arn(template.arn, installation.new_id()),
        name=name,
        template_arn=template.arn,
        duration_seconds=template.duration_seconds,
        rules_package_arns=template.rules_package_arns,
        user_attributes=template.user_attributes,
        created_at=now,
        state_changes=(StateChange(at=now, state=AssessmentRunState.CREATED),),
        finding_counts=dict.fromkeys(Severity, 0),
    )
