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


class FoundKind(StrEnum):
    """What a result is."""

    HOST = "HOST"
    ISSUE = "ISSUE"
    TARGET = "TARGET"
    TEMPLATE = "TEMPLATE"
    RUN = "RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One result."""

    kind: FoundKind
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

    def find(self, text: str) -> Iterator[Found]:
        """Yield at most `MOST` results of each kind."""
        first = PageRequest(limit=MOST)
        hosts, _ = self.issues.list_hosts("", text, first)
        for host in hosts.rows:
            name = host.agent.host.hostname if host.agent is not None else ""
            yield Found(kind=FoundKind.HOST, id=host.id, name=name or host.id, detail=host.id)
        for issue in self.issues.list_issues("", IssueFilter(text=text), first).page.rows:
            yield Found(kind=FoundKind.ISSUE, id=issue.rule_id, name=issue.rule_id, detail=issue.subject)
        pattern = f"*{text}*"
        for target in self.assessments.list_targets(pattern, first).rows:
            yield Found(kind=FoundKind.TARGET, id=target.arn, name=target.name)
        for template in self.assessments.list_templates(TemplateFilter(name_pattern=pattern), first).rows:
            yield Found(kind=FoundKind.TEMPLATE, id=template.arn, name=template.name)
        for run in self.assessments.list_runs(RunFilter(name_pattern=pattern), first).rows:
            yield Found(kind=FoundKind.RUN, id=run.arn, name=run.name)
