"""Search: hosts and issues of the run that ended last, targets, templates and runs by a part of their name."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openinspector.service.app.issues import IssueFilter, Issues
from openinspector.service.ports.assessment_store import AssessmentStore, RunFilter, TemplateFilter
from openinspector.service.ports.page import PageRequest

MOST: Final = 10
"""Results of each kind."""


class ResultKind(StrEnum):
    """Kind of a result."""

    HOST = "HOST"
    ISSUE = "ISSUE"
    TARGET = "TARGET"
    TEMPLATE = "TEMPLATE"
    RUN = "RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One result."""

    kind: ResultKind
    id: str
    """Agent id, rule name, or ARN."""
    name: str
    detail: str = ""
    """Subject of an issue, or id of a host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Finds items by name. Case counts for targets, templates and runs, and ``*`` and ``?`` are wildcards there."""

    assessments: AssessmentStore
    issues: Issues

    def find(self, text: str) -> Iterator[SearchResult]:
        """Yield at most `MOST` results of each kind."""
        first = PageRequest(limit=MOST)
        hosts, _ = self.issues.list_hosts("", text, first)
        for host in hosts.rows:
            name = host.agent.host.hostname if host.agent is not None else ""
            yield SearchResult(kind=ResultKind.HOST, id=host.id, name=name or host.id, detail=host.id)
        for issue in self.issues.list_issues("", IssueFilter(text=text), first).page.rows:
            yield SearchResult(kind=ResultKind.ISSUE, id=issue.rule_id, name=issue.rule_id, detail=issue.subject)
        pattern = f"*{text}*"
        for target in self.assessments.list_targets(pattern, first).rows:
            yield SearchResult(kind=ResultKind.TARGET, id=target.arn, name=target.name)
        for template in self.assessments.list_templates(TemplateFilter(name_pattern=pattern), first).rows:
            yield SearchResult(kind=ResultKind.TEMPLATE, id=template.arn, name=template.name)
        for run in self.assessments.list_runs(RunFilter(name_pattern=pattern), first).rows:
            yield SearchResult(kind=ResultKind.RUN, id=run.arn, name=run.name)
