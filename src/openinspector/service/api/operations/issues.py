"""Views of runs for people and scripts: overview, issues, findings as rows, hosts, feeds."""

from collections.abc import Mapping
from typing import Final

from openinspector.engine.finding_text import finding_text
from openinspector.engine.run_summary import subject_of
from openinspector.model.agent import Agent, AgentHealth
from openinspector.model.finding import Finding, Severity
from openinspector.model.run_summary import CountedIssue, RunSummary
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.export_query import ExportQuery
from openinspector.service.app.issues import IssueChange, IssueChanges, IssueFilter, IssuePage, ListedHost
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import Page, PageRequest

_NOTABLE: Final = 10
_ROWS: Final = 500
_ISSUES: Final = Listing(operation="ListIssues", default=50, cap=_ROWS)
_CHANGES: Final = Listing(operation="ListIssueChanges", default=50, cap=_ROWS)
_FINDINGS: Final = Listing(operation="ListFindingRows", default=50, cap=_ROWS)
_HOSTS: Final = Listing(operation="ListHosts", default=50, cap=_ROWS)


def get_overview(services: ApiServices, _arguments: Json) -> Json:
    """Return the state of the installation at a glance."""
    found, now = services.app.issues.overview(), services.clock.now()
    health = [agent.health(now) for agent in found.agents]
    return {
        "latestRun": None if found.summary is None else _run(found.summary, found.run_name),
        "notableIssues": [] if found.summary is None else _issues(found.summary.content.issues[:_NOTABLE]),
        "hosts": len(found.agents),
        "healthyHosts": health.count(AgentHealth.HEALTHY),
        "runsInProgress": found.runs_in_progress,
        "feeds": len(found.feeds),
        "oldestFeedFetchedAt": min((feed.fetched_at for feed in found.feeds), default=None),
    }


def list_issues(services: ApiServices, arguments: Json) -> Json:
    """List the issues of a run, or of the one that ended last: what matters most first."""
    wanted = IssueFilter(
        severities=tuple(arguments.get("severities", ())),
        rules_package_arns=tuple(arguments.get("rulesPackageArns", ())),
        text=arguments.get("text", ""),
        only_new=arguments.get("onlyNew", False),
    )
    seen: list[IssuePage] = []

    def list_page(page: PageRequest) -> Page[CountedIssue]:
        seen.append(services.app.issues.list_issues(arguments.get("assessmentRunArn", ""), wanted, page))
        return seen[0].page

    rows, more = _ISSUES.page(services, arguments, list_page)
    return {
        "assessmentRunArn": seen[0].run_arn,
        "issues": _issues(rows),
        "total": seen[0].total,
        "severityCounts": render_counts(seen[0].severities),
        **more,
    }


def list_issue_changes(services: ApiServices, arguments: Json) -> Json:
    """List the issues that are new in a run, gone, or the same, against another run."""
    seen: list[IssueChanges] = []

    def list_page(page: PageRequest) -> Page[CountedIssue]:
        change = IssueChange(arguments["change"])
        runs = arguments["assessmentRunArn"], arguments["baseAssessmentRunArn"]
        seen.append(services.app.issues.list_changes(*runs, change, page))
        return seen[0].page

    rows, more = _CHANGES.page(services, arguments, list_page)
    totals = seen[0].totals
    return {
        "issues": _issues(rows),
        "newIssues": totals[IssueChange.NEW],
        "goneIssues": totals[IssueChange.GONE],
        "sameIssues": totals[IssueChange.SAME],
        **more,
    }


def list_finding_rows(services: ApiServices, arguments: Json) -> Json:
    """List findings of a run, or of the one that ended last, as rows: the most severe first."""
    wanted = FindingFilter(
        agent_ids=tuple(arguments.get("agentIds", ())),
        rule_names=tuple(arguments.get("ruleNames", ())),
        severities=tuple(Severity(severity) for severity in arguments.get("severities", ())),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in arguments.get("rulesPackageArns", ())),
    )
    page = _FINDINGS.request(services, arguments)
    found = services.app.issues.list_findings(arguments.get("assessmentRunArn", ""), wanted, page)
    rows, more = _FINDINGS.page(services, arguments, lambda _page: found.page)
    return {
        "assessmentRunArn": found.run_arn,
        "findings": [_row(finding) for finding in rows],
        "total": found.counts.total,
        "severityCounts": render_counts(found.counts.severities),
        "rulesPackageCounts": [
            {"rulesPackageArn": arn, "count": count} for arn, count in found.counts.rules_packages.items()
        ],
        **more,
    }


def export_findings(services: ApiServices, arguments: Json) -> Json:
    """Return a link, valid for five minutes, to every finding of a run that matches a filter."""
    run = services.app.issues.run_of_list(arguments.get("assessmentRunArn", ""))
    query = ExportQuery(
        format=arguments["format"],
        run=run,
        severities=tuple(Severity(severity) for severity in arguments.get("severities", ())),
        rule_names=tuple(arguments.get("ruleNames", ())),
        agent_ids=tuple(arguments.get("agentIds", ())),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in arguments.get("rulesPackageArns", ())),
    )
    return {"url": services.export_links.make(query.to_text(), services.clock.now())}


def list_hosts(services: ApiServices, arguments: Json) -> Json:
    """List hosts by name, with the number of their findings in a run, or in the one that ended last."""
    text, totals = arguments.get("text", ""), list[int]()

    def list_page(page: PageRequest) -> Page[ListedHost]:
        rows, total = services.app.issues.list_hosts(arguments.get("assessmentRunArn", ""), text, page)
        totals.append(total)
        return rows

    rows, more = _HOSTS.page(services, arguments, list_page)
    return {"hosts": [_host(services, host) for host in rows], "total": totals[0], **more}


def list_feeds(services: ApiServices, _arguments: Json) -> Json:
    """List the advisory feeds that were synced."""
    return {
        "feeds": [
            {
                "name": feed.feed,
                "origin": feed.origin,
                "fetchedAt": feed.fetched_at,
                "publishedAt": feed.published_at,
                "advisories": feed.advisories,
                "unparsed": feed.unparsed,
            }
            for feed in services.app.issues.feeds()
        ]
    }


def _run(summary: RunSummary, name: str) -> Json:
    issues = summary.content.issues
    by_severity = {severity: sum(issue.severity is severity for issue in issues) for severity in Severity}
    return {
        "assessmentRunArn": summary.run_arn,
        "name": name,
        "completedAt": summary.completed_at,
        "severityCounts": render_counts(by_severity),
        "issues": len(issues),
        "newIssues": sum(issue.first_seen_at == summary.completed_at for issue in issues),
        "goneIssues": summary.content.gone,
        "exploitedIssues": sum(issue.exploited for issue in issues),
        "affectedHosts": len(summary.content.hosts),
    }


def _issues(issues: list[CountedIssue] | tuple[CountedIssue, ...]) -> list[Json]:
    return [
        {
            "rulesPackageArn": issue.rules_package_arn,
            "ruleName": issue.rule_id,
            "subject": issue.subject,
            "severity": issue.severity,
            "exploited": issue.exploited,
            "score": f"{issue.score:.1f}" if issue.score else None,
            "fixedVersion": issue.fixed or None,
            "hosts": issue.hosts,
            "firstSeenAt": issue.first_seen_at,
        }
        for issue in issues
    ]


def _row(finding: Finding) -> Json:
    return {
        "arn": finding.arn,
        "severity": finding.severity,
        "ruleName": finding.rule_id,
        "subject": subject_of(finding.body),
        "title": finding_text(finding).title,
        "rulesPackageArn": finding.rules_package_arn,
        "agentId": finding.asset.agent_id or None,
        "hostname": finding.asset.hostname or None,
        "createdAt": finding.created_at,
    }


def _host(services: ApiServices, host: ListedHost) -> Json:
    return {
        "agentId": host.id,
        "severityCounts": render_counts(host.counts),
        **({} if host.agent is None else render_agent(host.agent, host.agent.health(services.clock.now()))),
    }


def render_agent(agent: Agent, health: AgentHealth) -> Json:
    """Return an agent as members of a host."""
    return {
        "hostname": agent.host.hostname or None,
        "distribution": agent.host.distribution or None,
        "agentVersion": agent.host.agent_version or None,
        "agentHealth": health,
        "lastHeartbeatAt": agent.last_heartbeat_at,
        "tags": agent.tags,
    }


def render_counts(counts: Mapping[Severity, int]) -> list[Json]:
    """Return counts by severity, all five."""
    return [{"severity": severity, "count": counts.get(severity, 0)} for severity in Severity]
