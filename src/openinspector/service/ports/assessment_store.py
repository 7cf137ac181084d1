"""Store of resource groups, targets, templates and runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.arn import ResourceGroupArn, RulesPackageArn, RunArn, TargetArn, TemplateArn
from openinspector.model.assessment import (
    AssessmentRun,
    AssessmentTarget,
    AssessmentTemplate,
    ResourceGroup,
    StopAction,
)
from openinspector.model.asset import Tag
from openinspector.model.errors import StoreError
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.page import Page, PageRequest


class NameTakenError(StoreError):
    """The name is taken by another target, template of the target, or run of the template."""


class MissingError(StoreError):
    """The item to change, or its parent, does not exist."""


class QuotaError(StoreError):
    """A quota would be exceeded. Exact under concurrency."""

    def __init__(self, what: str, there: int, added: int, most: int) -> None:
        super().__init__(f"there are {there} {what}; {added} more would exceed {most}")


class RunInProgressError(StoreError):
    """A deletion is refused: these runs below are in progress."""

    runs: tuple[RunArn, ...]

    def __init__(self, runs: tuple[RunArn, ...]) -> None:
        super().__init__(f"{len(runs)} assessment run(s) in progress", advice="Stop them, or wait until they end.")
        self.runs = runs


class AgentsBusyError(StoreError):
    """Agents of the new run take part in a run that is in progress (F4.32)."""

    busy: tuple[tuple[AgentId, RunArn], ...]

    def __init__(self, busy: tuple[tuple[AgentId, RunArn], ...]) -> None:
        super().__init__(f"{len(busy)} agent(s) already take part in a run", advice="Wait until that run ends.")
        self.busy = busy


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Both ends inclusive, both optional (F11.33)."""

    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationRange:
    """Seconds, both ends inclusive, both optional."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFilter:
    """Filter of ListAssessmentTemplates: AND across fields, OR within one; an empty field does not restrict (F11.32).

    The exception is ``rules_package_arns``: the template must contain all of them, as the API's model states.
    """

    target_arns: tuple[TargetArn, ...] = ()
    name_pattern: str | None = None
    duration: DurationRange = DurationRange()
    rules_package_arns: tuple[RulesPackageArn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Filter of ListAssessmentRuns: AND across fields, OR within one; an empty field does not restrict (F11.32).

    The exception is ``rules_package_arns``: the run must contain all of them, as the API's model states.
    """

    template_arns: tuple[TemplateArn, ...] = ()
    name_pattern: str | None = None
    states: tuple[AssessmentRunState, ...] = ()
    duration: DurationRange = DurationRange()
    rules_package_arns: tuple[RulesPackageArn, ...] = ()
    started: TimeRange = TimeRange()
    completed: TimeRange = TimeRange()
    state_changed: TimeRange = TimeRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTotals:
    """Number of runs of a template, and the one created last (F4.22)."""

    count: int
    last_run_arn: RunArn | None


class AssessmentStore(Protocol):
    """Stores resource groups, targets, templates and runs.

    Every method is one transaction; readers never see half of one.

    ``*_by_arn`` return the items that exist among the given ARNs. Name patterns are shell wildcards ``*`` and ``?``,
    case sensitive (decisions).
    """

    def add_resource_group(self, group: ResourceGroup, *, most: int | None = None) -> None:
        """Add a group; QuotaError if there are ``most``."""
        ...

    def resource_groups_by_arn(self, arns: Sequence[ResourceGroupArn]) -> Mapping[ResourceGroupArn, ResourceGroup]:
        """Return the groups that exist."""
        ...

    def add_target(self, target: AssessmentTarget, *, most: int | None = None) -> None:
        """Add a target; QuotaError if there are ``most``, NameTakenError."""
        ...

    def replace_target(self, target: AssessmentTarget) -> None:
        """Change name, resource group and update time; raises NameTakenError, MissingError."""
        ...

    def targets_by_arn(self, arns: Sequence[TargetArn]) -> Mapping[TargetArn, AssessmentTarget]:
        """Return the targets that exist."""
        ...

    def list_targets(self, name_pattern: str | None, page: PageRequest) -> Page[AssessmentTarget]:
        """Return one page of targets."""
        ...

    def delete_target(self, arn: TargetArn) -> tuple[RunArn, ...]:
        """Delete a target, its templates and runs; returns those runs. RunInProgressError, MissingError."""
        ...

    def add_template(self, template: AssessmentTemplate, *, most: int | None = None) -> None:
        """Add a template; MissingError (its target), QuotaError if there are ``most``, NameTakenError."""
        ...

    def templates_by_arn(self, arns: Sequence[TemplateArn]) -> Mapping[TemplateArn, AssessmentTemplate]:
        """Return the templates that exist."""
        ...

    def list_templates(self, wanted: TemplateFilter, page: PageRequest) -> Page[AssessmentTemplate]:
        """Return one page of templates."""
        ...

    def delete_template(self, arn: TemplateArn) -> tuple[RunArn, ...]:
        """Delete a template and its runs; returns those runs. RunInProgressError, MissingError."""
        ...

    def run_totals(self, templates: Sequence[TemplateArn]) -> Mapping[TemplateArn, RunTotals]:
        """Return the totals of each given template; zero for one that does not exist."""
        ...

    def template_tags(self, arn: TemplateArn) -> tuple[Tag, ...]:
        """Return a template's tags; MissingError."""
        ...

    def replace_template_tags(self, arn: TemplateArn, tags: tuple[Tag, ...]) -> None:
        """Replace a template's whole set of tags; MissingError."""
        ...

    def add_run(
        self,
        run: AssessmentRun,
        agents: Sequence[AgentId],
        instances: Sequence[AgentId] = (),
        *,
        most: int | None = None,
        most_agents: int | None = None,
    ) -> None:
        """Add a run, reserve its agents and note its instances without telemetry, all or nothing.

        An instance may be in several runs at once: only its account is read.
        Raises MissingError (the template), QuotaError if there are ``most`` runs, NameTakenError (for the template),
        AgentsBusyError and, if no agent is busy, QuotaError if more than ``most_agents`` would take part.
        """
        ...

    def runs_by_arn(self, arns: Sequence[RunArn]) -> Mapping[RunArn, AssessmentRun]:
        """Return the runs that exist."""
        ...

    def list_runs(self, wanted: RunFilter, page: PageRequest) -> Page[AssessmentRun]:
        """Return one page of runs."""
        ...

    def delete_run(self, arn: RunArn) -> None:
        """Delete a run; RunInProgressError, MissingError."""
        ...

    def runs_in_states(self, states: Sequence[AssessmentRunState]) -> Sequence[AssessmentRun]:
        """Return every run in one of ``states``, oldest first."""
        ...

    def run_agents(self, arn: RunArn) -> tuple[AgentId, ...]:
        """Return the agents of a run, sorted."""
        ...

    def run_instances(self, arn: RunArn) -> tuple[AgentId, ...]:
        """Return the instances of a run that send no telemetry in it, sorted."""
        ...

    def state_for(self, arn: RunArn, agent: AgentId) -> AssessmentRunState | None:
        """Return the state of a run; None if the run does not exist or the agent does not take part in it.

        The cost does not depend on the number of agents.
        """
        ...

    def busy_agents(self, agents: Sequence[AgentId]) -> tuple[tuple[AgentId, RunArn], ...]:
        """Return which of ``agents`` take part in a run in progress, sorted."""
        ...

    def advance_run(self, arn: RunArn, state: AssessmentRunState, at: datetime) -> AssessmentRun:
        """Enter ``state`` and return the run; no effect if it is in that state.

        Raises MissingError, and ModelError if the transition is not legal from the stored state.
        """
        ...

    def request_stop(self, arn: RunArn, action: StopAction) -> AssessmentRun:
        """Record a request to stop; the first SKIP_EVALUATION wins. No effect on an ended run. MissingError."""
        ...

    def set_finding_counts(self, arn: RunArn, counts: Mapping[Severity, int]) -> None:
        """Store a run's finding counts; MissingError."""
        ...

    def runs_to_announce(self, limit: int) -> Sequence[AssessmentRun]:
        """Return runs that entered a state since `mark_announced`, oldest first, including new runs."""
        ...

    def mark_announced(self, arn: RunArn, state: AssessmentRunState) -> None:
        """Mark all states up to ``state`` as announced; no effect if the run entered another state or was deleted."""
        ...
