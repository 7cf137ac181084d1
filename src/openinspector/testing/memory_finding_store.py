"""The finding store's simulator: the whole port, in memory."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from openinspector.engine.finding_text import finding_attributes
from openinspector.engine.run_summary import BodyHosts
from openinspector.model.arn import ExclusionArn, FindingArn, RulesPackageArn, RunArn, run_of
from openinspector.model.errors import StoreError
from openinspector.model.exclusion import Exclusion
from openinspector.model.finding import AnyBody, Attribute, Finding, Severity
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingFilter, MatchCounts
from openinspector.service.ports.page import Page, PageRequest
from openinspector.testing.memory_page import in_time, page_of


class MemoryFindingStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self, assessments: AssessmentStore) -> None:
        self._assessments = assessments
        self._lock = threading.RLock()
        self._findings: dict[FindingArn, Finding] = {}
        self._exclusions: dict[ExclusionArn, Exclusion] = {}

    def add_findings(self, findings: Sequence[Finding]) -> None:
        """Add findings, all or nothing; one that is there already stays as it is."""
        for finding in findings:
            if run_of(finding.arn) != finding.run_arn:
                raise StoreError(f"{finding.arn} is not a finding of {finding.run_arn}")
        with self._lock:
            for finding in findings:
                self._findings.setdefault(finding.arn, finding)

    def findings_by_arn(
        self, arns: Sequence[FindingArn], *, of_ended_runs: bool = False
    ) -> Mapping[FindingArn, Finding]:
        """Return the findings that exist, optionally only of runs that have ended."""
        with self._lock:
            found = {arn: self._findings[arn] for arn in arns if arn in self._findings}
        return {arn: one for arn, one in found.items() if not of_ended_runs or self._has_ended(one.run_arn)}

    def list_findings(self, wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
        """Return one page of finding ARNs."""
        with self._lock:
            found = [finding for finding in self._findings.values() if _is_wanted(finding, wanted)]
        if wanted.of_ended_runs:
            found = [finding for finding in found if self._has_ended(finding.run_arn)]
        rows = page_of(found, lambda one: (one.created_at, one.arn), page)
        return Page(rows=[finding.arn for finding in rows.rows], next=rows.next)

    def body_hosts(self, run: RunArn) -> Sequence[BodyHosts]:
        """Return every body of a run with its hosts, in no order."""
        hosts: dict[tuple[RulesPackageArn, AnyBody], set[str]] = {}
        with self._lock:
            for finding in self._findings.values():
                if finding.run_arn == run:
                    hosts.setdefault((finding.rules_package_arn, finding.body), set()).add(finding.asset.agent_id)
        return [
            BodyHosts(rules_package_arn=package, body=body, hosts=frozenset(found))
            for (package, body), found in hosts.items()
        ]

    def count_matches(self, wanted: FindingFilter) -> MatchCounts:
        """Return how many findings match a filter."""
        arns = self.list_findings(wanted, PageRequest(limit=max(1, len(self._findings)))).rows
        found = [self._findings[arn] for arn in arns]
        severities = Counter(finding.severity for finding in found)
        packages = Counter(finding.rules_package_arn for finding in found)
        return MatchCounts(
            total=len(found),
            severities={severity: severities[severity] for severity in Severity},
            rules_packages=dict(sorted(packages.items())),
        )

    def counts(self, run: RunArn) -> Mapping[Severity, int]:
        """Return the number of findings of a run by severity; all five keys."""
        with self._lock:
            held = [finding.severity for finding in self._findings.values() if finding.run_arn == run]
        return {severity: held.count(severity) for severity in Severity}

    def counts_by_package(self, run: RunArn) -> Mapping[RulesPackageArn, int]:
        """Return the number of findings of a run by rules package; omit packages without findings."""
        with self._lock:
            return Counter(one.rules_package_arn for one in self._findings.values() if one.run_arn == run)

    def change_user_attributes(
        self,
        arn: FindingArn,
        change: Callable[[tuple[Attribute, ...]], tuple[Attribute, ...]],
        updated_at: datetime | None = None,
    ) -> bool:
        """Replace a finding's user attributes by the result of ``change``; return True if the finding exists."""
        with self._lock:
            held = self._findings.get(arn)
            if held is None:
                return False
            after = change(held.user_attributes)
            self._findings[arn] = msgspec.structs.replace(
                held, user_attributes=after, updated_at=updated_at or held.updated_at
            )
            return True

    def add_exclusions(self, exclusions: Sequence[Exclusion]) -> None:
        """Add exclusions, all or nothing; one that is there already stays as it is."""
        with self._lock:
            for exclusion in exclusions:
                self._exclusions.setdefault(exclusion.arn, exclusion)

    def exclusions_by_arn(self, arns: Sequence[ExclusionArn]) -> Mapping[ExclusionArn, Exclusion]:
        """Return the exclusions that exist."""
        with self._lock:
            return {arn: self._exclusions[arn] for arn in arns if arn in self._exclusions}

    def list_exclusions(self, run: RunArn, after: ExclusionArn | None, limit: int) -> Sequence[ExclusionArn]:
        """Return exclusion ARNs of a run after ``after``, in ARN order."""
        with self._lock:
            found = sorted(arn for arn, exclusion in self._exclusions.items() if exclusion.run_arn == run)
        return [arn for arn in found if after is None or arn > after][:limit]

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has findings or exclusions, sorted."""
        with self._lock:
            found = {one.run_arn for one in self._findings.values()}
            found |= {one.run_arn for one in self._exclusions.values()}
        return sorted(found)

    def delete_run(self, run: RunArn) -> None:
        """Delete the findings and exclusions of a run."""
        with self._lock:
            self._findings = {arn: one for arn, one in self._findings.items() if one.run_arn != run}
            self._exclusions = {arn: one for arn, one in self._exclusions.items() if one.run_arn != run}

    def _has_ended(self, run: RunArn) -> bool:
        return any(not one.in_progress for one in self._assessments.runs_by_arn([run]).values())


def _is_wanted(finding: Finding, wanted: FindingFilter) -> bool:
    named = (
        (finding.run_arn, wanted.run_arns),
        (finding.asset.agent_id, wanted.agent_ids),
        (finding.asset.auto_scaling_group, wanted.auto_scaling_groups),
        (finding.rule_id, wanted.rule_names),
        (finding.severity, wanted.severities),
        (finding.rules_package_arn, wanted.rules_package_arns),
    )
    return (
        all(not any_of or value in any_of for value, any_of in named)
        and set(wanted.attributes) <= set(finding_attributes(finding))
        and set(wanted.user_attributes) <= set(finding.user_attributes)
        and in_time(finding.created_at, wanted.created)
    )
