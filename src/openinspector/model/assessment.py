"""Resource groups, assessment targets, templates and runs (section 4 of the facts)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openinspector.model.arn import ResourceGroupArn, RulesPackageArn, RunArn, TargetArn, TemplateArn
from openinspector.model.asset import Tag
from openinspector.model.finding import Attribute, Severity
from openinspector.model.run_state import IN_PROGRESS, AssessmentRunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGroup:
    """One to ten tags that select hosts: a host matches if any tag does (F4.3).

    A tag without a value selects by its key alone (F4.4).
    """

    arn: ResourceGroupArn
    tags: tuple[Tag, ...]
    created_at: datetime

    def selects(self, host_tags: tuple[Tag, ...]) -> bool:
        """Say whether a host that carries ``host_tags`` belongs to the group."""
        return any(
            wanted.key == tag.key and wanted.value in (None, tag.value) for wanted in self.tags for tag in host_tags
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentTarget:
    """The hosts a resource group selects; all hosts where there is no group (F4.8)."""

    arn: TargetArn
    name: str
    resource_group_arn: ResourceGroupArn | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentTemplate:
    """What to assess, with which rules packages and how long; immutable (F4.15)."""

    arn: TemplateArn
    name: str
    target_arn: TargetArn
    duration_seconds: int
    rules_package_arns: tuple[RulesPackageArn, ...]
    user_attributes: tuple[Attribute, ...]
    created_at: datetime


class StopAction(StrEnum):
    """What to do with the telemetry collected when a run is stopped (F4.35)."""

    START_EVALUATION = "START_EVALUATION"
    SKIP_EVALUATION = "SKIP_EVALUATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """When a run entered a state."""

    at: datetime
    state: AssessmentRunState


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRun:
    """One execution of a template, with what it took over from it (F4.30, F4.54)."""

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
        """The state entered last."""
        return self.state_changes[-1].state

    @property
    def state_changed_at(self) -> datetime:
        """When the current state was entered."""
        return self.state_changes[-1].at

    @property
    def started_at(self) -> datetime | None:
        """When data collection began (F4.55), or None before."""
        return self._entered(AssessmentRunState.COLLECTING_DATA)

    @property
    def completed_at(self) -> datetime | None:
        """When the run ended, in whatever way (F4.56), or None before."""
        last = self.state_changes[-1]
        return last.at if not self.in_progress else None

    @property
    def data_collected(self) -> bool:
        """Whether all telemetry has been received (F4.44)."""
        return self._entered(AssessmentRunState.DATA_COLLECTED) is not None

    @property
    def in_progress(self) -> bool:
        """Whether the state is not terminal (F4.53)."""
        return self.state in IN_PROGRESS

    def _entered(self, state: AssessmentRunState) -> datetime | None:
        return next((change.at for change in self.state_changes if change.state is state), None)
