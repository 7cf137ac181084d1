"""Where resource groups, targets, templates and runs are kept."""

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
    """Another target has the name; or another template of the target, or another run of the template."""


class MissingError(StoreError):
    """What was to be changed, or its parent, does not exist."""


class QuotaError(StoreError):
    """There would be more than there may be. Exact, however many are added at once."""

    def __init__(self, what: str, there: int, added: int, most: int) -> None:
        super().__init__(f"there are {there} {what}; {added} more would exceed {most}")


class RunInProgressError(StoreError):
    """A deletion is refused because these runs below are in progress."""

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
    """What ListAssessmentTemplates can ask for: AND across fields, OR within one; empty: no restriction (F11.32).

    But ``rules_package_arns`` must all be contained in the template's, as the model's own text says.
    """

    target_arns: tuple[TargetArn, ...] = ()
    name_pattern: str | None = None
    duration: DurationRange = DurationRange()
    rules_package_arns: tuple[RulesPackageArn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What ListAssessmentRuns can ask for: AND across fields, OR within one; empty: no restriction (F11.32).

    But ``rules_package_arns`` must all be contained in the run's, as the model's own text says.
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
    """How many runs of a template there are, and which of them was created last (F4.22)."""

    count: int
    last_run_arn: RunArn | None


class AssessmentStore(Protocol):
    """Keeps the nouns of section 4. Every method is one transaction; readers never see half of one.

    ``*_by_arn`` return what exists among the ARNs asked for. Name patterns are shell wildcards ``*`` and ``?``,
    case sensitive (decisions).
    """

    def add_resource_group(self, group: ResourceGroup, *, most: int | None = None) -> None:
        """Add a group; raises QuotaError where there are ``most`` already."""
        ...

    def resource_groups_by_arn(self, arns: Sequence[ResourceGroupArn]) -> Mapping[ResourceGroupArn, ResourceGroup]:
        """Return the groups that exist."""
        ...

    def count_resource_groups(self) -> int:
        """Return how many groups there are."""
        ...

    def add_target(self, target: AssessmentTarget, *, most: int | None = None) -> None:
        """Add a target; raises QuotaError where there are ``most`` already, NameTakenError."""
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

    def count_targets(self) -> int:
        """Return how many targets there are."""
        ...

    def delete_target(self, arn: TargetArn) -> tuple[RunArn, ...]:
        """Delete a target, its templates and runs; returns those runs. RunInProgressError, MissingError."""
        ...

    def add_template(self, template: AssessmentTemplate, *, most: int | None = None) -> None:
        """Add a template; raises MissingError (its target), QuotaError where there are ``most``, NameTakenError."""
        ...

    def templates_by_arn(self, arns: Sequence[TemplateArn]) -> Mapping[TemplateArn, AssessmentTemplate]:
        """Return the templates that exist."""
        ...

    def list_templates(self, wanted: TemplateFilter, page: PageRequest) -> Page[AssessmentTemplate]:
        """Return one page of templates."""
        ...

    def count_templates(self) -> int:
        """Return how many templates there are."""
        ...

    def delete_template(self, arn: TemplateArn) -> tuple[RunArn, ...]:
        """Delete a template and its runs; returns those runs. RunInProgressError, MissingError."""
        ...

    def run_totals(self, templates: Sequence[TemplateArn]) -> Mapping[TemplateArn, RunTotals]:
        """Return the totals of each template asked for; zero for one that does not exist."""
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
        *,
        most: int | None = None,
        most_agents: int | None = None,
    ) -> None:
        """Add a run and reserve its agents, all or nothing.

        Raises MissingError (the template), QuotaError where there are ``most`` runs already, NameTakenError (for the
        template), AgentsBusyError, and, where nobody is busy, QuotaError if more than ``most_agents`` would take part.
        """
        ...

    def runs_by_arn(self, arns: Sequence[RunArn]) -> Mapping[RunArn, AssessmentRun]:
        """Return the runs that exist."""
        ...

    def list_runs(self, wanted: RunFilter, page: PageRequest) -> Page[AssessmentRun]:
        """Return one page of runs."""
        ...

    def count_runs(self) -> int:
        """Return how many runs there are."""
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

    def state_for(self, arn: RunArn, agent: AgentId) -> AssessmentRunState | None:
        """Return the state of a run, None where there is none or the agent takes no part in it.

        The same effort however many take part.
        """
        ...

    def busy_agents(self, agents: Sequence[AgentId]) -> tuple[tuple[AgentId, RunArn], ...]:
        """Return which of ``agents`` take part in a run in progress, sorted."""
        ...

    def advance_run(self, arn: RunArn, state: AssessmentRunState, at: datetime) -> AssessmentRun:
        """Enter ``state`` and return the run; entering the state it is in already changes nothing.

        Raises MissingError, and ModelError where the transition is not legal from the state stored.
        """
        ...

    def request_stop(self, arn: RunArn, action: StopAction) -> AssessmentRun:
        """Note that a stop was asked for; the first SKIP_EVALUATION wins. Nothing on an ended run. MissingError."""
        ...

    def set_finding_counts(self, arn: RunArn, counts: Mapping[Severity, int]) -> None:
        """Store a run's finding counts; MissingError."""
        ...

    def runs_to_announce(self, limit: int) -> Sequence[AssessmentRun]:
        """Return runs that entered a state since `mark_announced`, oldest first. A run that was just added is one."""
        ...

    def mark_announced(self, arn: RunArn, state: AssessmentRunState) -> None:
        """Note that everything up to ``state`` is known; nothing where the run has gone on since, or is no more."""
        ...
