"""Resource groups, assessment targets, templates and runs (section 4 of the facts)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from openinspector.model.arn import ResourceGroupArn, RulesPackageArn, RunArn, TargetArn, TemplateArn
from openinspector.model.asset import Tag
from openinspector.model.finding import Attribute, Severity
from openinspector.model.run_state import IN_PROGRESS, AssessmentRunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGroup:
    """One to ten tags that select hosts: a host is selected if it has any of them (F4.3).

    A tag without a value selects by key alone (F4.4).
    """

    arn: ResourceGroupArn
    tags: tuple[Tag, ...]
    created_at: datetime

    def selects(self, host_tags: tuple[Tag, ...]) -> bool:
        """Return True if a host with ``host_tags`` belongs to the group."""
        return any(
            wanted.key == tag.key and wanted.value in (None, tag.value) for wanted in self.tags for tag in host_tags
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentTarget:
    """The hosts that a resource group selects; all hosts if it has no group (F4.8)."""

    arn: TargetArn
    name: str
    resource_group_arn: ResourceGroupArn | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentTemplate:
    """Target, rules packages and duration of runs; immutable (F4.15)."""

    arn: TemplateArn
    name: str
    target_arn: TargetArn
    duration_seconds: int
    rules_package_arns: tuple[RulesPackageArn, ...]
    user_attributes: tuple[Attribute, ...]
    created_at: datetime


class StopAction(StrEnum):
    """Whether to evaluate the telemetry collected when a run is stopped (F4.35)."""

    START_EVALUATION = "START_EVALUATION"
    SKIP_EVALUATION = "SKIP_EVALUATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A state that a run entered, and when."""

    at: datetime
    state: AssessmentRunState


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRun:
    """One execution of a template, with a copy of the template's settings (F4.30, F4.54)."""

    arn: RunArn
    name: str
    template_arn: TemplateArn
    duration_seconds: int
    rules_package_arns: tuple[RulesPackageArn, ...]
    user_attributes: tuple[Attribute, ...]
    created_at: datetime
    state_changes: tuple[StateChange, ...]
    stop_action: StopAction | None = None
    finding_counts: Mapping[Severity, int]

    @property
    def state(self) -> AssessmentRunState:
        """The current state."""
        return self.state_changes[-1].state

    @property
    def state_changed_at(self) -> datetime:
        """When the current state was entered."""
        return self.state_changes[-1].at

    @property
    def started_at(self) -> datetime | None:
        """When data collection began (F4.55); None before that."""
        return self._entered(AssessmentRunState.COLLECTING_DATA)

    @property
    def completed_at(self) -> datetime | None:
        """When the run entered its final state (F4.56); None before that."""
        last = self.state_changes[-1]
        return last.at if not self.in_progress else None

    @property
    def data_collected(self) -> bool:
        """True once all telemetry has been received (F4.44)."""
        return self._entered(AssessmentRunState.DATA_COLLECTED) is not None

    @property
    def in_progress(self) -> bool:
        """True while the state is not terminal (F4.53)."""
        return self.state in IN_PROGRESS

    @property
    def stopped_early(self) -> bool:
        """True if its user ended data collection before the duration was over (F4.36)."""
        started, stopping = self.started_at, self._entered(AssessmentRunState.STOP_DATA_COLLECTION_PENDING)
        if self.stop_action is None or started is None or stopping is None:
            return False
        return stopping < started + timedelta(seconds=self.duration_seconds)

    def _entered(self, state: AssessmentRunState) -> datetime | None:
        return next((change.at for change in self.state_changes if change.state is state), None)
