"""Views of one host, of a finding's path, and search: additional operations that the vendor does not have (ADR 84)."""

from typing import Final

from openinspector.engine.coverage import NOT_ASSESSED, Verdict
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import Agent
from openinspector.network.path_picture import STYLE, draw
from openinspector.service.api.operations.exclusions_previews import render_preview
from openinspector.service.api.operations.issues import render_agent, render_counts
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.ports.coverage_store import HostCoverage
from openinspector.service.reports.path_pictures import picture_of

_NAMED: Final = 200
"""Rules that could not be judged, and that an answer names."""


def get_host(services: ApiServices, arguments: Json) -> Json:
    """Return a host with its result in a run, or in the last completed one that it took part in."""
    found = services.app.hosts.get(arguments["agentId"], arguments.get("assessmentRunArn", ""))
    agent, run = found.agent, found.run
    return {
        "agentId": found.id,
        **({} if agent is None else _described(agent, services)),
        "assessmentRunArn": None if run is None else run.arn,
        "assessmentRunName": None if run is None else run.name,
        "completedAt": None if run is None else run.completed_at,
        "severityCounts": render_counts(found.counts),
        "rulesPackages": [
            {
                "rulesPackageArn": package,
                "detected": counts[OutcomeKind.DETECTED] + counts[OutcomeKind.WAIVED],
                "passed": counts[OutcomeKind.PASSED],
                "notApplicable": counts[OutcomeKind.NOT_APPLICABLE],
                "notJudged": counts[OutcomeKind.UNABLE],
            }
            for package, counts in found.outcomes.items()
        ],
        "notJudgedRules": [
            {"rulesPackageArn": rule.rules_package_arn, "name": rule.name, "title": rule.title}
            for rule in found.not_judged[:_NAMED]
        ],
        "exclusions": [render_preview(one) for one in found.exclusions],
        "packages": None if found.coverage is None else _packages(found.coverage),
    }


def search(services: ApiServices, arguments: Json) -> Json:
    """Find hosts, issues, targets, templates and runs by a part of their name."""
    return {
        "results": [
            {"kind": one.kind, "id": one.id, "name": one.name, "detail": one.detail or None}
            for one in services.app.search.find(arguments["text"])
        ]
    }


def list_finding_pictures(services: ApiServices, arguments: Json) -> Json:
    """Return the network path of a finding as a picture; none for a finding without a path."""
    finding = services.app.findings.existing(arguments["findingArn"])
    picture = picture_of(finding.body)
    shown = [] if picture is None else [picture]
    return {"pictures": [{"title": one.title, "advice": one.advice, "svg": draw(one, style=STYLE)} for one in shown]}


def _described(agent: Agent, services: ApiServices) -> Json:
    host = agent.host
    return {
        **render_agent(agent, agent.health(services.clock.now())),
        "operatingSystem": host.operating_system or None,
        "kernelVersion": host.kernel_version or None,
        "ipv4Address": host.ipv4_address or None,
        "healthDetails": agent.health_details or None,
        "enrolledAt": agent.enrolled_at,
    }


def _packages(coverage: HostCoverage) -> Json:
    verdicts = (Verdict.AFFECTED, Verdict.NOT_AFFECTED)
    return {
        "affected": coverage.counts.get(Verdict.AFFECTED, 0),
        "notAffected": coverage.counts.get(Verdict.NOT_AFFECTED, 0),
        "notAssessed": [
            {"reason": reason, "message": NOT_ASSESSED.get(reason, reason), "packages": count}
            for reason, count in sorted(coverage.counts.items())
            if reason not in verdicts
        ],
    }
