"""Where findings and exclusions are kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import ExclusionArn, FindingArn, RulesPackageArn, RunArn
from openinspector.model.exclusion import Exclusion
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.service.ports.assessment_store import TimeRange
from openinspector.service.ports.page import Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """What ListFindings can ask for: AND across fields, OR within one (F6.31 to F6.34).

    ``attributes`` and ``user_attributes`` must all be contained in the finding's.
    """

    of_ended_runs: bool = False
    """Only what is there for users to see: what a run finds is not before the run has ended (F4.36, F6.21)."""
    run_arns: tuple[RunArn, ...] = ()
    agent_ids: tuple[str, ...] = ()
    auto_scaling_groups: tuple[str, ...] = ()
    rule_names: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    rules_package_arns: tuple[RulesPackageArn, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    user_attributes: tuple[Attribute, ...] = ()
    created: TimeRange = TimeRange()


class FindingStore(Protocol):
    """Keeps what runs produced. Adding what is there already (same ARN) changes nothing."""

    def add_findings(self, findings: Sequence[Finding]) -> None:
        """Add findings, all or nothing; StoreError where one is not of the run it names."""
        ...

    def findings_by_arn(
        self, arns: Sequence[FindingArn], *, of_ended_runs: bool = False
    ) -> Mapping[FindingArn, Finding]:
        """Return the findings that exist; on demand only those of runs that have ended."""
        ...

    def list_findings(self, wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
        """Return one page of finding ARNs."""
        ...

    def counts(self, run: RunArn) -> Mapping[Severity, int]:
        """Return how many findings of each severity a run has; all five keys."""
        ...

    def counts_by_package(self, run: RunArn) -> Mapping[RulesPackageArn, int]:
        """Return how many findings of each rules package a run has; packages without findings are left out."""
        ...

    def change_user_attributes(
        self,
        arn: FindingArn,
        change: Callable[[tuple[Attribute, ...]], tuple[Attribute, ...]],
        updated_at: datetime | None = None,
    ) -> bool:
        """Replace a finding's user attributes by what ``change`` makes of them; say whether the finding exists.

        Nobody else changes them meanwhile. The update time stays where none is given. Where ``change`` raises, nothing
        is changed.
        """
        ...

    def add_exclusions(self, exclusions: Sequence[Exclusion]) -> None:
        """Add exclusions, all or nothing."""
        ...

    def exclusions_by_arn(self, arns: Sequence[ExclusionArn]) -> Mapping[ExclusionArn, Exclusion]:
        """Return the exclusions that exist."""
        ...

    def list_exclusions(self, run: RunArn, after: ExclusionArn | None, limit: int) -> Sequence[ExclusionArn]:
        """Return exclusion ARNs of a run after ``after``, in ARN order."""
        ...

    def runs(self) -> Sequence[RunArn]:
        """Return every run that produced anything, sorted."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete everything a run produced."""
        ...
