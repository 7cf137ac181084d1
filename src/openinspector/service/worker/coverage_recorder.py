"""Records the coverage of the hosts of one evaluation batch: packages sealed, numbers in the store (ADR 66)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import structlog

from openinspector.engine.coverage import PackageCoverage, counts_of
from openinspector.engine.evaluate import HostEvaluation
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.finding import VulnerablePackages, VulnerableWindows
from openinspector.service.app.coverage_vault import CoverageVault
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.coverage_store import CoverageStore, HostCoverage

SCORE_FEEDS: Final = ("cve", "nvd", "epss", "kev")
"""Feeds that score vulnerabilities of all publishers."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredHost:
    """A host that was evaluated, and the conclusion on each of its packages."""

    evaluation: HostEvaluation
    packages: tuple[PackageCoverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRecorder:
    """Stores coverage. May be repeated: the newest record of a host counts."""

    coverage: CoverageStore
    vault: CoverageVault
    advisories: AdvisoryStore

    def record(self, run: RunArn, hosts: Sequence[CoveredHost]) -> None:
        """Record hosts. After the run's key was deleted nothing is recorded."""
        if not hosts:
            return
        name = self.vault.put(run, {AgentId(host.evaluation.agent_id): host.packages for host in hosts})
        if name is None:
            _log.warning("coverage not recorded: telemetry was shredded", run=run)
            return
        sources = self._score_sources()
        self.coverage.record(run, [_numbers(host, name, sources) for host in hosts])

    def _score_sources(self) -> Mapping[str, str]:
        return {
            snapshot.feed: (snapshot.published_at or snapshot.fetched_at).astimezone(UTC).isoformat()
            for snapshot in self.advisories.snapshots()
            if snapshot.feed in SCORE_FEEDS
        }


def _numbers(host: CoveredHost, object_name: str, sources: Mapping[str, str]) -> HostCoverage:
    scored = unscored = 0
    for finding in host.evaluation.findings:
        if isinstance(finding.body, VulnerablePackages | VulnerableWindows):
            scored += bool(finding.body.scores)
            unscored += not finding.body.scores
    return HostCoverage(
        agent_id=AgentId(host.evaluation.agent_id),
        counts=counts_of(host.packages),
        scored=scored,
        unscored=unscored,
        score_sources=sources,
        object_name=object_name,
    )
