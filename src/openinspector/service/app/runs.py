"""Assessment runs: start, stop, delete and find (F4.28 to F4.38)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from openinspector.engine.subject import Need
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn, parse_run_arn, run_arn
from openinspector.model.assessment import AssessmentRun, AssessmentTemplate, StateChange, StopAction
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app import arguments
from openinspector.service.app.batch import LookUpResult, look_up
from openinspector.service.app.deletion import Deletion
from openinspector.service.app.errors import (
    AgentsBusy,
    InvalidInput,
    LimitExceeded,
    NoSuchEntity,
    RunInProgress,
    RunNameTaken,
)
from openinspector.service.app.notifications import ShownNotification, shown_notifications
from openinspector.service.app.quotas import Quotas
from openinspector.service.app.run_agents import RunPlan, plan_run
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.run_workflow import RUN_WORKFLOW, WAKE
from openinspector.service.app.target_members import Selection, TargetMembers
from openinspector.service.app.telemetry_metadata import metadata_of
from openinspector.service.ports.assessment_store import (
    AgentsBusyError,
    AssessmentStore,
    MissingError,
    NameTakenError,
    QuotaError,
    RunFilter,
    RunInProgressError,
)
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.workflows import Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedRun:
    """A run and the notifications it lists (F4.59)."""

    run: AssessmentRun
    notifications: Sequence[ShownNotification]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Starts, stops, deletes and finds runs."""

    assessments: AssessmentStore
    members: TargetMembers
    telemetry: TelemetryStore
    notifications: NotificationStore
    workflows: Workflows
    deletion: Deletion
    needs: RunNeeds
    quotas: Quotas
    clock: Clock
    new_id: NewId

    def start(self, template_arn: str, name: str | None) -> RunArn:
        """Start a run of a template on the hosts and instances that its target selects now.

        A run that needs no telemetry reserves no host.

        Raises InvalidInput, NoSuchEntity, LimitExceeded, InvalidRole if the accounts cannot be read for their role
        (F2.22), and AgentsBusy if a participating host takes part in another
        run: two runs share no instance (F4.31, F4.32).
        """
        template = arguments.existing_template(self.assessments, template_arn)
        if not template.rules_package_arns:
            raise InvalidInput(
                "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS", "The template has no rules package; a run needs at least one."
            )
        target = arguments.existing_target(self.assessments, template.target_arn)
        needs = self.needs.of(template.rules_package_arns)
        selection = self.members.selected(target)
        selected = selection.agents if Need.TELEMETRY in needs else ()
        busy = {agent for agent, _ in self.assessments.busy_agents([agent.id for agent in selected])}
        plan = plan_run(selected, busy, self.clock.now())
        instances = _judged_without_telemetry(selection, plan) if Need.SNAPSHOT in needs else ()
        quotas = self.quotas
        numbers = count(self.assessments.run_totals([template.arn])[template.arn].count + 1)
        while True:
            run = self._new_run(template, name or f"Run {next(numbers)} for {template.name}"[:140])
            try:
                self.assessments.add_run(
                    run, plan.participants, instances, most=quotas.runs, most_agents=quotas.instances
                )
            except QuotaError as error:
                raise LimitExceeded("ASSESSMENT_RUN_LIMIT_EXCEEDED", f"No more may be added: {error}.") from error
            except NameTakenError as error:
                # A user may have taken the generated name; try the next number.
                if name is None:
                    continue
                raise RunNameTaken("INVALID_ATTRIBUTE", f"Another run of the template is named {name!r}.") from error
            except AgentsBusyError as error:
                raise AgentsBusy(error.busy) from error
            except MissingError as error:
                raise arguments.no_such("ASSESSMENT_TEMPLATE_DOES_NOT_EXIST", template_arn) from error
            self.workflows.start(RUN_WORKFLOW, run.arn, run.arn)
            return run.arn

    def stop(self, arn: str, action: StopAction) -> None:
        """Request that a run stops; no effect on a run that has ended (decisions). InvalidInput, NoSuchEntity."""
        run = arguments.existing_run(self.assessments, arn)
        try:
            stopped = self.assessments.request_stop(run.arn, action)
        except MissingError as error:
            raise _no_such(arn) from error
        if stopped.in_progress:
            self.workflows.signal(run.arn, WAKE, str(action))

    def delete(self, arn: str) -> None:
        """Delete a run with its findings and telemetry; InvalidInput, NoSuchEntity, RunInProgress."""
        run = arguments.run_arn(arn)
        try:
            self.assessments.delete_run(run)
        except MissingError as error:
            raise _no_such(arn) from error
        except RunInProgressError as error:
            raise RunInProgress(error.runs) from error
        self.deletion.delete_runs([run])

    def describe(self, arns: Sequence[str]) -> LookUpResult[RunArn, DescribedRun]:
        """Return runs by ARN."""
        known = look_up(arns, parse_run_arn, self.assessments.runs_by_arn)
        sent = self.notifications.of_runs(list(known.found))
        described = {
            arn: DescribedRun(run=run, notifications=shown_notifications(sent.get(arn, ())))
            for arn, run in known.found.items()
        }
        return LookUpResult(found=described, failed=known.failed)

    def list_page(self, template_arns: Sequence[str], wanted: RunFilter, page: PageRequest) -> Page[AssessmentRun]:
        """Return one page of the runs of ``template_arns``, or of all templates; InvalidInput, NoSuchEntity."""
        templates = tuple(arguments.existing_template(self.assessments, arn).arn for arn in template_arns)
        return self.assessments.list_runs(replace(wanted, template_arns=templates), page)

    def telemetry_metadata(self, arn: str) -> list[dict[str, object]]:
        """Return counts and sizes of a run's messages by type (F3.6 to F3.10); InvalidInput, NoSuchEntity."""
        run = arguments.existing_run(self.assessments, arn)
        return metadata_of(self.telemetry.volumes(run.arn).values())

    def _new_run(self, template: AssessmentTemplate, name: str) -> AssessmentRun:
        now = self.clock.now()
        return AssessmentRun(
            arn=run_arn(template.arn, self.new_id()),
            name=name,
            template_arn=template.arn,
            duration_seconds=template.duration_seconds,
            rules_package_arns=template.rules_package_arns,
            user_attributes=template.user_attributes,
            created_at=now,
            state_changes=(StateChange(at=now, state=AssessmentRunState.CREATED),),
            finding_counts=dict.fromkeys(Severity, 0),
        )


def _judged_without_telemetry(selection: Selection, plan: RunPlan) -> tuple[AgentId, ...]:
    participants = set(plan.participants)
    return tuple(one.id for one in selection.members if one.instance is not None and one.id not in participants)


def _no_such(arn: str) -> NoSuchEntity:
    return arguments.no_such("ASSESSMENT_RUN_DOES_NOT_EXIST", arn)
