"""The assessment store's simulator: the whole port, in memory."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.model.agent import AgentId
from openinspector.model.arn import ResourceGroupArn, RunArn, TargetArn, TemplateArn
from openinspector.model.assessment import (
    AssessmentRun,
    AssessmentTarget,
    AssessmentTemplate,
    ResourceGroup,
    StateChange,
    StopAction,
)
from openinspector.model.asset import Tag
from openinspector.model.errors import StoreError
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState, check_transition
from openinspector.service.ports.assessment_store import (
    AgentsBusyError,
    MissingError,
    NameTakenError,
    QuotaError,
    RunFilter,
    RunInProgressError,
    RunTotals,
    TemplateFilter,
)
from openinspector.service.ports.page import Page, PageRequest
from openinspector.testing.memory_page import in_duration, in_time, matches, page_of


class MemoryAssessmentStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._groups: dict[ResourceGroupArn, ResourceGroup] = {}
        self._targets: dict[TargetArn, AssessmentTarget] = {}
        self._templates: dict[TemplateArn, AssessmentTemplate] = {}
        self._tags: dict[TemplateArn, tuple[Tag, ...]] = {}
        self._runs: dict[RunArn, AssessmentRun] = {}
        self._agents: dict[RunArn, tuple[AgentId, ...]] = {}
        self._instances: dict[RunArn, tuple[AgentId, ...]] = {}
        self._known: dict[RunArn, AssessmentRunState] = {}
        """The state up to which news of a run were taken."""

    def add_resource_group(self, group: ResourceGroup, *, most: int | None = None) -> None:
        """Add a group; QuotaError."""
        with self._lock:
            _check_room("resource groups", len(self._groups), most)
            self._groups[group.arn] = group

    def resource_groups_by_arn(self, arns: Sequence[ResourceGroupArn]) -> Mapping[ResourceGroupArn, ResourceGroup]:
        """Return the groups that exist."""
        with self._lock:
            return {arn: self._groups[arn] for arn in arns if arn in self._groups}

    def add_target(self, target: AssessmentTarget, *, most: int | None = None) -> None:
        """Add a target; raises QuotaError, NameTakenError."""
        with self._lock:
            _check_room("assessment targets", len(self._targets), most)
            _check_new(target.arn, self._targets)
            self._check_target_name(target)
            self._targets[target.arn] = target

    def replace_target(self, target: AssessmentTarget) -> None:
        """Change name, resource group and update time; raises NameTakenError, MissingError."""
        with self._lock:
            held = self._targets.get(target.arn)
            if held is None:
                raise MissingError(f"no assessment target {target.arn}")
            self._check_target_name(target)
            self._targets[target.arn] = replace(
                held, name=target.name, resource_group_arn=target.resource_group_arn, updated_at=target.updated_at
            )

    def targets_by_arn(self, arns: Sequence[TargetArn]) -> Mapping[TargetArn, AssessmentTarget]:
        """Return the targets that exist."""
        with self._lock:
            return {arn: self._targets[arn] for arn in arns if arn in self._targets}

    def list_targets(self, name_pattern: str | None, page: PageRequest) -> Page[AssessmentTarget]:
        """Return one page of targets."""
        with self._lock:
            found = [target for target in self._targets.values() if matches(target.name, name_pattern)]
        return page_of(found, lambda one: (one.created_at, one.arn), page)

    def delete_target(self, arn: TargetArn) -> tuple[RunArn, ...]:
        """Delete a target, its templates and runs; returns those runs. RunInProgressError, MissingError."""
        with self._lock:
            if arn not in self._targets:
                raise MissingError(f"no assessment target {arn}")
            templates = {one.arn for one in self._templates.values() if one.target_arn == arn}
            runs = self._delete_runs_of(templates)
            for template in templates:
                del self._templates[template], self._tags[template]
            del self._targets[arn]
            return runs

    def add_template(self, template: AssessmentTemplate, *, most: int | None = None) -> None:
        """Add a template; raises MissingError (its target), QuotaError, NameTakenError."""
        with self._lock:
            if template.target_arn not in self._targets:
                raise MissingError(f"no assessment target {template.target_arn}")
            _check_room("assessment templates", len(self._templates), most)
            _check_new(template.arn, self._templates)
            siblings = (one for one in self._templates.values() if one.target_arn == template.target_arn)
            _check_name(template.name, (one.name for one in siblings), "template of the target")
            self._templates[template.arn] = template
            self._tags[template.arn] = ()

    def templates_by_arn(self, arns: Sequence[TemplateArn]) -> Mapping[TemplateArn, AssessmentTemplate]:
        """Return the templates that exist."""
        with self._lock:
            return {arn: self._templates[arn] for arn in arns if arn in self._templates}

    def list_templates(self, wanted: TemplateFilter, page: PageRequest) -> Page[AssessmentTemplate]:
        """Return one page of templates."""
        with self._lock:
            found = [
                one
                for one in self._templates.values()
                if (not wanted.target_arns or one.target_arn in wanted.target_arns)
                and matches(one.name, wanted.name_pattern)
                and in_duration(one.duration_seconds, wanted.duration)
                and _names_all(one.rules_package_arns, wanted.rules_package_arns)
            ]
        return page_of(found, lambda one: (one.created_at, one.arn), page)

    def delete_template(self, arn: TemplateArn) -> tuple[RunArn, ...]:
        """Delete a template and its runs; returns those runs. RunInProgressError, MissingError."""
        with self._lock:
            self._check_template(arn)
            runs = self._delete_runs_of({arn})
            del self._templates[arn], self._tags[arn]
            return runs

    def run_totals(self, templates: Sequence[TemplateArn]) -> Mapping[TemplateArn, RunTotals]:
        """Return the totals of each given template; zero for one that does not exist."""
        with self._lock:
            return {arn: self._totals(arn) for arn in templates}

    def template_tags(self, arn: TemplateArn) -> tuple[Tag, ...]:
        """Return a template's tags; MissingError."""
        with self._lock:
            self._check_template(arn)
            return self._tags[arn]

    def replace_template_tags(self, arn: TemplateArn, tags: tuple[Tag, ...]) -> None:
        """Replace a template's whole set of tags; MissingError."""
        with self._lock:
            self._check_template(arn)
            self._tags[arn] = tags

    def add_run(
        self,
        run: AssessmentRun,
        agents: Sequence[AgentId],
        instances: Sequence[AgentId] = (),
        *,
        most: int | None = None,
        most_agents: int | None = None,
    ) -> None:
        """Add a run and reserve its agents: MissingError, QuotaError, NameTakenError, AgentsBusyError."""
        with self._lock:
            self._check_template(run.template_arn)
            _check_room("assessment runs", len(self._runs), most)
            _check_new(run.arn, self._runs)
            siblings = (one for one in self._runs.values() if one.template_arn == run.template_arn)
            _check_name(run.name, (one.name for one in siblings), "run of the template")
            busy = self.busy_agents(agents)
            if busy:
                raise AgentsBusyError(busy)
            running = [one.arn for one in self._runs.values() if one.in_progress]
            taking_part = sum(len(self._agents[arn]) + len(self._instances[arn]) for arn in running)
            added = len(set(agents)) + len(set(instances))
            _check_room("instances being assessed", taking_part, most_agents, added)
            self._runs[run.arn] = run
            self._agents[run.arn] = tuple(sorted(set(agents)))
            self._instances[run.arn] = tuple(sorted(set(instances)))

    def runs_by_arn(self, arns: Sequence[RunArn]) -> Mapping[RunArn, AssessmentRun]:
        """Return the runs that exist."""
        with self._lock:
            return {arn: self._runs[arn] for arn in arns if arn in self._runs}

    def list_runs(self, wanted: RunFilter, page: PageRequest) -> Page[AssessmentRun]:
        """Return one page of runs."""
        with self._lock:
            found = [run for run in self._runs.values() if _is_wanted(run, wanted)]
        return page_of(found, lambda one: (one.created_at, one.arn), page)

    def delete_run(self, arn: RunArn) -> None:
        """Delete a run; RunInProgressError, MissingError."""
        with self._lock:
            self._delete_runs([self._run(arn)])

    def runs_in_states(self, states: Sequence[AssessmentRunState]) -> Sequence[AssessmentRun]:
        """Return every run in one of ``states``, oldest first."""
        with self._lock:
            found = [run for run in self._runs.values() if run.state in states]
        return sorted(found, key=lambda one: (one.created_at, one.arn))

    def run_agents(self, arn: RunArn) -> tuple[AgentId, ...]:
        """Return the agents of a run, sorted."""
        with self._lock:
            return self._agents.get(arn, ())

    def run_instances(self, arn: RunArn) -> tuple[AgentId, ...]:
        """Return the instances of a run that send no telemetry in it, sorted."""
        with self._lock:
            return self._instances.get(arn, ())

    def state_for(self, arn: RunArn, agent: AgentId) -> AssessmentRunState | None:
        """Return the state of a run, None if absent or the agent takes no part in it."""
        with self._lock:
            return self._runs[arn].state if agent in self._agents.get(arn, ()) else None

    def busy_agents(self, agents: Sequence[AgentId]) -> tuple[tuple[AgentId, RunArn], ...]:
        """Return which of ``agents`` take part in a run in progress, sorted."""
        asked = set(agents)
        with self._lock:
            running = [arn for arn, run in self._runs.items() if run.in_progress]
            return tuple(sorted((agent, arn) for arn in running for agent in self._agents[arn] if agent in asked))

    def advance_run(self, arn: RunArn, state: AssessmentRunState, at: datetime) -> AssessmentRun:
        """Enter ``state``; no effect if the run is in it. MissingError, ModelError."""

        def enter(run: AssessmentRun) -> AssessmentRun:
            if run.state is state:
                return run
            check_transition(run.state, state)
            return replace(run, state_changes=(*run.state_changes, StateChange(at=at, state=state)))

        return self._change(arn, enter)

    def request_stop(self, arn: RunArn, action: StopAction) -> AssessmentRun:
        """Record a request to stop; the first SKIP_EVALUATION wins. No effect on an ended run. MissingError."""

        def stop(run: AssessmentRun) -> AssessmentRun:
            skips = run.stop_action is StopAction.SKIP_EVALUATION
            return run if skips or not run.in_progress else replace(run, stop_action=action)

        return self._change(arn, stop)

    def set_finding_counts(self, arn: RunArn, counts: Mapping[Severity, int]) -> None:
        """Store a run's finding counts; MissingError."""
        self._change(arn, lambda run: replace(run, finding_counts=dict(counts)))

    def runs_to_announce(self, limit: int) -> Sequence[AssessmentRun]:
        """Return runs that entered a state since `mark_announced`, oldest first."""
        with self._lock:
            found = [run for arn, run in self._runs.items() if self._known.get(arn) is not run.state]
        return sorted(found, key=lambda one: (one.created_at, one.arn))[:limit]

    def mark_announced(self, arn: RunArn, state: AssessmentRunState) -> None:
        """Mark all states up to ``state`` as announced; no effect if the run entered another state or was deleted."""
        with self._lock:
            if arn in self._runs and self._runs[arn].state is state:
                self._known[arn] = state

    def _change(self, arn: RunArn, change: Callable[[AssessmentRun], AssessmentRun]) -> AssessmentRun:
        with self._lock:
            self._runs[arn] = change(self._run(arn))
            return self._runs[arn]

    def _run(self, arn: RunArn) -> AssessmentRun:
        if arn not in self._runs:
            raise MissingError(f"no assessment run {arn}")
        return self._runs[arn]

    def _totals(self, template: TemplateArn) -> RunTotals:
        runs = [run for run in self._runs.values() if run.template_arn == template]
        last = max(runs, key=lambda one: (one.created_at, one.arn), default=None)
        return RunTotals(count=len(runs), last_run_arn=last.arn if last is not None else None)

    def _delete_runs_of(self, templates: set[TemplateArn]) -> tuple[RunArn, ...]:
        runs = [run for run in self._runs.values() if run.template_arn in templates]
        runs.sort(key=lambda one: (one.created_at, one.arn))
        self._delete_runs(runs)
        return tuple(run.arn for run in runs)

    def _delete_runs(self, runs: Sequence[AssessmentRun]) -> None:
        busy = tuple(run.arn for run in runs if run.in_progress)
        if busy:
            raise RunInProgressError(busy)
        for run in runs:
            del self._runs[run.arn], self._agents[run.arn], self._instances[run.arn]

    def _check_template(self, arn: TemplateArn) -> None:
        if arn not in self._templates:
            raise MissingError(f"no assessment template {arn}")

    def _check_target_name(self, target: AssessmentTarget) -> None:
        others = (one.name for one in self._targets.values() if one.arn != target.arn)
        _check_name(target.name, others, "assessment target")


def _check_new(
    arn: str, held: Mapping[TargetArn, object] | Mapping[TemplateArn, object] | Mapping[RunArn, object]
) -> None:
    if arn in held:
        raise StoreError(f"there is a {arn} already")


def _check_room(what: str, there: int, most: int | None, added: int = 1) -> None:
    if most is not None and there + added > most:
        raise QuotaError(what, there, added, most)


def _check_name(name: str, taken: Iterable[str], what: str) -> None:
    if name in taken:
        raise NameTakenError(f"another {what} is named {name!r}", advice="Choose another name.")


def _names_all(held: Sequence[str], wanted: Sequence[str]) -> bool:
    return set(wanted) <= set(held)


def _is_wanted(run: AssessmentRun, wanted: RunFilter) -> bool:
    return (
        (not wanted.template_arns or run.template_arn in wanted.template_arns)
        and (not wanted.states or run.state in wanted.states)
        and matches(run.name, wanted.name_pattern)
        and in_duration(run.duration_seconds, wanted.duration)
        and _names_all(run.rules_package_arns, wanted.rules_package_arns)
        and in_time(run.started_at, wanted.started)
        and in_time(run.completed_at, wanted.completed)
        and in_time(run.state_changed_at, wanted.state_changed)
    )
