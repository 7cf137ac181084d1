"""Store of findings and exclusions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.engine.run_summary import BodyHosts
from openinspector.model.arn import ExclusionArn, FindingArn, RulesPackageArn, RunArn
from openinspector.model.exclusion import Exclusion
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.service.ports.assessment_store import TimeRange
from openinspector.service.ports.page import Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Filter of ListFindings: AND across fields, OR within one (F6.31 to F6.34).

    A finding must contain all of ``attributes`` and ``user_attributes``.
    """

    of_ended_runs: bool = False
    """Restrict to runs that have ended: users do not see earlier findings (F4.36, F6.21)."""
    run_arns: tuple[RunArn, ...] = ()
    agent_ids: tuple[str, ...] = ()
    auto_scaling_groups: tuple[str, ...] = ()
    rule_names: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    rules_package_arns: tuple[RulesPackageArn, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    user_attributes: tuple[Attribute, ...] = ()
    created: TimeRange = TimeRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCounts:
    """How many findings match a filter, in all and by what users filter further."""

    total: int
    severities: Mapping[Severity, int]
    """All five keys."""
    rules_packages: Mapping[RulesPackageArn, int]
    """Without packages of no finding."""


class FindingStore(Protocol):
    """Stores findings and exclusions. Adding an existing ARN has no effect."""

    def add_findings(self, findings: Sequence[Finding]) -> None:
        """Add findings, all or nothing; StoreError if an ARN does not belong to its run."""
        ...

    def findings_by_arn(
        self, arns: Sequence[FindingArn], *, of_ended_runs: bool = False
    ) -> Mapping[FindingArn, Finding]:
        """Return the findings that exist, optionally only of runs that have ended."""
        ...

    def list_findings(self, wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
        """Return one page of finding ARNs."""
        ...

    def counts(self, run: RunArn) -> Mapping[Severity, int]:
        """Return the number of findings of a run by severity; all five keys."""
        ...

    def counts_by_package(self, run: RunArn) -> Mapping[RulesPackageArn, int]:
        """Return the number of findings of a run by rules package; omit packages without findings."""
        ...

    def body_hosts(self, run: RunArn) -> Sequence[BodyHosts]:
        """Return every body of a run with its hosts, in no order."""
        ...

    def count_matches(self, wanted: FindingFilter) -> MatchCounts:
        """Return how many findings match a filter."""
        ...

    def change_user_attributes(
        self,
        arn: FindingArn,
        change: Callable[[tuple[Attribute, ...]], tuple[Attribute, ...]],
        updated_at: datetime | None = None,
    ) -> bool:
        """Replace a finding's user attributes by the result of ``change``; return True if the finding exists.

        The change is atomic. Without ``updated_at`` the update time does not change. If ``change`` raises, nothing is
        changed.
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
        """Return every run that has findings or exclusions, sorted."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete the findings and exclusions of a run."""
        ...
