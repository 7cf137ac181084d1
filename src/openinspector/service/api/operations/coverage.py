"""Coverage of runs: additional operations that the vendor does not have (ADR 43, ADR 66)."""

from functools import partial
from typing import Final

from openinspector.engine.coverage import NOT_ASSESSED, PackageCoverage, Verdict
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.coverage import HostPackage

_PACKAGES: Final = Listing(operation="ListPackageCoverage", default=100, cap=500)


def get_run_coverage(services: ApiServices, arguments: Json) -> Json:
    """Return the number of a run's packages by conclusion, and of its findings with and without a score."""
    found = services.app.coverage.summary(arguments["assessmentRunArn"])
    verdicts = (Verdict.AFFECTED, Verdict.NOT_AFFECTED)
    return {
        "hosts": found.hosts,
        "affected": found.counts.get(Verdict.AFFECTED, 0),
        "notAffected": found.counts.get(Verdict.NOT_AFFECTED, 0),
        "notAssessed": [
            {"reason": reason, "message": NOT_ASSESSED.get(reason, reason), "packages": count}
            for reason, count in found.counts.items()
            if reason not in verdicts
        ],
        "scoredFindings": found.scored,
        "unscoredFindings": found.unscored,
        "scoreSources": [{"feed": feed, "date": date} for feed, date in found.score_sources.items()],
    }


def list_package_coverage(services: ApiServices, arguments: Json) -> Json:
    """List the conclusion on each package of a run's hosts."""
    list_page = partial(services.app.coverage.list_page, arguments["assessmentRunArn"], arguments.get("agentIds", []))
    rows, more = _PACKAGES.page(services, arguments, list_page)
    return {"packages": [_package(row) for row in rows], **more}


def _package(row: HostPackage) -> Json:
    found: PackageCoverage = row.coverage
    return {
        "agentId": row.agent_id,
        "name": found.name,
        "version": found.version,
        "architecture": found.architecture or None,
        "manager": found.manager.value,
        "verdict": found.verdict.value,
        "reason": found.reason or None,
        "message": NOT_ASSESSED.get(found.reason, found.reason) if found.reason else None,
        "vulnerabilities": found.vulnerabilities,
        "advisory": found.advisory or None,
        "stream": found.stream or None,
        "statement": found.statement or None,
        "comparedVersion": found.compared or None,
        "fixedVersion": found.with_version or None,
    }
