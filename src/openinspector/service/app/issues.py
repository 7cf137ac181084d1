"""Issues: completed runs as issues instead of copies, their hosts, and findings as rows.

The run is the one asked for, or the one that ended last. Summaries do not change, so recent ones are kept in memory.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from openinspector.model.agent import Agent
from openinspector.model.arn import FindingArn, RunArn
from openinspector.model.finding import Finding, Severity
from openinspector.model.run_state import IN_PROGRESS
from openinspector.model.run_summary import CountedIssue, HostCounts, RunSummary
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, NoSuchEntity
from openinspector.service.ports.advisory_store import AdvisoryStore, FeedSnapshot
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingFilter, FindingStore, MatchCounts
from openinspector.service.ports.page import NO_TIME, Cursor, Page, PageRequest, page_of
from openinspector.service.ports.summary_store import SummaryStore

_KEPT: Final = 8
"""Summaries in memory."""
_EXPORTED: Final = 1000
"""Findings of an export in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFilter:
    """Filter of issues: AND across fields, OR within one."""

    severities: tuple[str, ...] = ()
    rules_package_arns: tuple[str, ...] = ()
    text: str = ""
    """Part of the rule's id or the subject; case is ignored."""
    only_new: bool = False
    """Restrict to issues that the template's previous run did not find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage:
    """One page of the issues that match a filter, and how many there are."""

    run_arn: RunArn | None
    """None if no run has completed yet."""
    page: Page[CountedIssue]
    total: int
    severities: Mapping[Severity, int]


class IssueChange(StrEnum):
    """Relation of an issue to two runs."""

    NEW = "NEW"
    GONE = "GONE"
    SAME = "SAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueChanges:
    """One page of the issues of one relation, and the number of issues of each."""

    page: Page[CountedIssue]
    totals: Mapping[IssueChange, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """One page of the findings that match a filter, the most severe first, and how many there are."""

    run_arn: RunArn | None
    page: Page[Finding]
    counts: MatchCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHost:
    """A host as the console lists it: with an agent, with findings of a run, or both."""

    id: str
    agent: Agent | None
    counts: Mapping[Severity, int]

    @property
    def key(self) -> str:
        """Key of the order: the name, then the id."""
        return f"{self.agent.host.hostname if self.agent is not None else self.id} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """State of the installation at a glance."""

    summary: RunSummary | None
    """Of the run that ended last; None if no run has completed yet."""
    run_name: str
    agents: Sequence[Agent]
    runs_in_progress: Sequence[RunArn]
    feeds: Sequence[FeedSnapshot]


class RecentSummaries:
    """Summaries by run, the last used ones in memory. Thread-safe."""

    def __init__(self, store: SummaryStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[RunArn, RunSummary] = OrderedDict()

    def latest(self) -> RunArn | None:
        """Return the run that ended last and has a summary, or None."""
        return self._store.latest()

    def recent(self, limit: int) -> Sequence[RunArn]:
        """Return the runs with a summary that ended last, newest first."""
        return self._store.recent(limit)

    def get(self, run: RunArn | None) -> RunSummary | None:
        """Return the summary of a run, or of the one that ended last; None if there is none."""
        wanted = run or self._store.latest()
        if wanted is None:
            return None
        with self._lock:
            known = self._kept.get(wanted)
            if known is not None:
                self._kept.move_to_end(wanted)
                return known
        found = self._store.get(wanted)
        if found is not None:
            with self._lock:
                self._kept[wanted] = found
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Issues:
    """Reads runs as issues, hosts and rows."""

    assessments: AssessmentStore
    findings: FindingStore
    summaries: RecentSummaries
    agents: AgentStore
    advisories: AdvisoryStore

    def overview(self) -> Overview:
        """Return the state of the installation."""
        summary = self._summary("")
        runs = self.assessments.runs_by_arn([summary.run_arn]) if summary is not None else {}
        return Overview(
            summary=summary,
            run_name=next((run.name for run in runs.values()), ""),
            agents=self.agents.list_agents(),
            runs_in_progress=[run.arn for run in self.assessments.runs_in_states(sorted(IN_PROGRESS))],
            feeds=self.advisories.snapshots(),
        )

    def list_issues(self, run_arn: str, wanted: IssueFilter, page: PageRequest) -> IssuePage:
        """Return one page of a run's issues, what matters most first; InvalidInput, NoSuchEntity."""
        summary = self._summary(run_arn)
        every = summary.content.issues if summary is not None else ()
        matching = [issue for issue in every if _matches(issue, wanted, summary)]
        severities = Counter(issue.severity for issue in matching)
        return IssuePage(
            run_arn=summary.run_arn if summary is not None else None,
            page=_page_after(matching, page),
            total=len(matching),
            severities={severity: severities[severity] for severity in Severity},
        )

    def list_findings(self, run_arn: str, wanted: FindingFilter, page: PageRequest) -> FindingPage:
        """Return one page of a run's findings, by severity and then as ListFindings; InvalidInput, NoSuchEntity."""
        run = arguments.existing_run(self.assessments, run_arn).arn if run_arn else self.summaries.latest()
        if run is None:
            nothing = MatchCounts(total=0, severities=dict.fromkeys(Severity, 0), rules_packages={})
            return FindingPage(run_arn=None, page=Page(rows=[], next=None), counts=nothing)
        of_run = replace(wanted, of_ended_runs=True, run_arns=(run,))
        counts = self.findings.count_matches(of_run)
        there = [severity for severity in Severity if counts.severities[severity]]
        return FindingPage(run_arn=run, page=self._rows(of_run, there, page), counts=counts)

    def recent_states(self) -> Sequence[str]:
        """Return the state of each run in progress, and of those that ended last."""
        recent = self.assessments.runs_by_arn(self.summaries.recent(_KEPT)).values()
        in_progress = self.assessments.runs_in_states(sorted(IN_PROGRESS))
        return [f"{run.arn} {run.state} {run.stop_action}" for run in (*in_progress, *recent)]

    def run_of_list(self, run_arn: str) -> RunArn:
        """Return the run asked for, or the one that ended last; InvalidInput, NoSuchEntity."""
        run = arguments.existing_run(self.assessments, run_arn).arn if run_arn else self.summaries.latest()
        if run is None:
            raise NoSuchEntity("ASSESSMENT_RUN_DOES_NOT_EXIST", "No run has completed yet.")
        return run

    def export(self, run_arn: str, wanted: FindingFilter) -> Iterator[Finding]:
        """Yield every finding of a run, ordered as `list_findings` does; a page at a time is in memory."""
        of_run = replace(wanted, of_ended_runs=True, run_arns=(RunArn(run_arn),))
        for severity in wanted.severities or tuple(Severity):
            following: PageRequest | None = PageRequest(limit=_EXPORTED)
            while following is not None:
                page = self.findings.list_findings(replace(of_run, severities=(severity,)), following)
                found = self.findings.findings_by_arn(page.rows, of_ended_runs=True)
                yield from (found[arn] for arn in page.rows if arn in found)
                following = PageRequest(limit=_EXPORTED, after=page.next) if page.next is not None else None

    def list_hosts(self, run_arn: str, text: str, page: PageRequest) -> tuple[Page[ListedHost], int]:
        """Return one page of hosts by name with their findings in a run, and the number of all that match."""
        summary = self._summary(run_arn)
        counted: Sequence[HostCounts] = summary.content.hosts if summary is not None else ()
        agents = {str(agent.id): agent for agent in self.agents.list_agents()}
        counts = {one.agent_id: one.counts for one in counted if one.agent_id}
        every = [
            ListedHost(id=host, agent=agents.get(host), counts=counts.get(host, {})) for host in {*agents, *counts}
        ]
        matching = sorted((host for host in every if text.casefold() in host.key.casefold()), key=lambda host: host.key)
        return page_of(matching, lambda host: host.key, page), len(matching)

    def list_changes(self, run_arn: str, base_arn: str, change: IssueChange, page: PageRequest) -> IssueChanges:
        """Return one page of the issues that changed between two runs; InvalidInput, NoSuchEntity.

        InvalidInput also for a run that has no summary: it did not complete, or has just ended.
        """
        now, before = self._existing(run_arn), self._existing(base_arn)
        earlier, later = ({issue.key for issue in one.content.issues} for one in (before, now))
        found: dict[IssueChange, list[CountedIssue]] = {
            IssueChange.NEW: [issue for issue in now.content.issues if issue.key not in earlier],
            IssueChange.GONE: [issue for issue in before.content.issues if issue.key not in later],
            IssueChange.SAME: [issue for issue in now.content.issues if issue.key in earlier],
        }
        return IssueChanges(
            page=_page_after(found[change], page), totals={one: len(issues) for one, issues in found.items()}
        )

    def feeds(self) -> Sequence[FeedSnapshot]:
        """Return the advisory feeds that were synced, by name."""
        return sorted(self.advisories.snapshots(), key=lambda one: one.feed)

    def _rows(self, wanted: FindingFilter, order: Sequence[Severity], page: PageRequest) -> Page[Finding]:
        """Return a page in order of severity: a list for each of ``order`` that has matches, one after another."""
        after = page.after
        if after is not None:
            last = self.findings.findings_by_arn([FindingArn(after.arn)]).get(FindingArn(after.arn))
            order = order[order.index(last.severity) :] if last is not None and last.severity in order else []
        arns: list[FindingArn] = []
        following: Cursor | None = None
        for place, severity in enumerate(order):
            part = self.findings.list_findings(
                replace(wanted, severities=(severity,)), PageRequest(limit=page.limit - len(arns), after=after)
            )
            arns += part.rows
            after, following = None, part.next
            if len(arns) == page.limit:
                more = following is not None or place + 1 < len(order)
                found = self.findings.findings_by_arn(arns, of_ended_runs=True)
                rows = [found[arn] for arn in arns if arn in found]
                end = Cursor(created_at=rows[-1].created_at, arn=rows[-1].arn) if more and rows else None
                return Page(rows=rows, next=end)
        found = self.findings.findings_by_arn(arns, of_ended_runs=True)
        return Page(rows=[found[arn] for arn in arns if arn in found], next=None)

    def _existing(self, run_arn: str) -> RunSummary:
        found = self.summaries.get(arguments.existing_run(self.assessments, run_arn).arn)
        if found is None:
            raise InvalidInput(
                "INVALID_ASSESSMENT_RUN_ARN", f"The findings of {run_arn} are not counted: not completed."
            )
        return found

    def _summary(self, run_arn: str) -> RunSummary | None:
        return self.summaries.get(arguments.existing_run(self.assessments, run_arn).arn if run_arn else None)


def _matches(issue: CountedIssue, wanted: IssueFilter, summary: RunSummary | None) -> bool:
    text = wanted.text.casefold()
    return (
        (not wanted.severities or issue.severity in wanted.severities)
        and (not wanted.rules_package_arns or issue.rules_package_arn in wanted.rules_package_arns)
        and (not text or text in issue.rule_id.casefold() or text in issue.subject.casefold())
        and (not wanted.only_new or (summary is not None and issue.first_seen_at == summary.completed_at))
    )


def _page_after(issues: Sequence[CountedIssue], page: PageRequest) -> Page[CountedIssue]:
    """Return the page that begins at the place that the cursor names: issues of a run keep their places."""
    start = int(page.after.arn) if page.after is not None else 0
    rows = issues[start : start + page.limit]
    end = start + len(rows)
    return Page(rows=rows, next=Cursor(created_at=NO_TIME, arn=str(end)) if end < len(issues) else None)
