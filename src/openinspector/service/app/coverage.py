"""Coverage of runs: the conclusion on each package of each host, and the numbers of packages by conclusion."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from openinspector.engine.coverage import PackageCoverage
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.app.arguments import existing_run
from openinspector.service.app.coverage_vault import CoverageVault
from openinspector.service.app.errors import CoverageUnavailable
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.coverage_store import CoverageStore, HostCoverage
from openinspector.service.ports.page import NO_TIME, Cursor, Page, PageRequest

_HOSTS: Final = 500
_SEPARATOR: Final = "/"
"""Separates agent id and place in a cursor; no agent id contains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCoverage:
    """The coverage of a run in numbers."""

    hosts: int
    """Number of hosts whose packages were judged."""
    counts: Mapping[str, int]
    """Number of packages by verdict or, for packages that are not assessed, by reason."""
    scored: int
    """Number of vulnerability findings that have a CVSS score."""
    unscored: int
    score_sources: Mapping[str, str]
    """Feed of scores → oldest date of its data used in the run (ISO 8601); empty if no scores were loaded."""


class HostPackage(NamedTuple):
    """A package of a host, with the conclusion on it."""

    agent_id: AgentId
    coverage: PackageCoverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Returns the coverage of runs."""

    assessments: AssessmentStore
    coverage: CoverageStore
    vault: CoverageVault

    def summary(self, run_arn: str) -> RunCoverage:
        """Return the coverage of a run in numbers; InvalidInput, NoSuchEntity."""
        return run_coverage(self.coverage, existing_run(self.assessments, run_arn).arn)

    def list_page(self, run_arn: str, agent_ids: Sequence[str], page: PageRequest) -> Page[HostPackage]:
        """Return one page of packages by agent id, of ``agent_ids`` or of all hosts.

        Raises InvalidInput, NoSuchEntity, and CoverageUnavailable once the run's telemetry was destroyed.
        """
        run = existing_run(self.assessments, run_arn).arn
        agent, place = _position(page.after)
        rows: list[HostPackage] = []
        for host, packages in self._hosts(run, agent, frozenset(agent_ids)):
            first = place if host == agent else 0
            rows += (HostPackage(host, package) for package in packages[first : first + page.limit + 1 - len(rows)])
            if len(rows) > page.limit:
                last = rows[page.limit - 1].agent_id
                done = sum(row.agent_id == last for row in rows[: page.limit]) + (place if last == agent else 0)
                return Page(rows=rows[: page.limit], next=Cursor(created_at=NO_TIME, arn=f"{last}{_SEPARATOR}{done}"))
        return Page(rows=rows, next=None)

    def _hosts(
        self, run: RunArn, first: str, wanted: frozenset[str]
    ) -> Iterator[tuple[AgentId, tuple[PackageCoverage, ...]]]:
        """Yield the packages of hosts from ``first``, by agent id; each object is opened once in a row."""
        opened: tuple[str, Mapping[AgentId, tuple[PackageCoverage, ...]]] = ("", {})
        for host in all_hosts(self.coverage, run):
            if host.agent_id < first or (wanted and host.agent_id not in wanted):
                continue
            if opened[0] != host.object_name:
                found = self.vault.open(run, host.object_name)
                if found is None:
                    raise CoverageUnavailable(
                        "The run's telemetry was destroyed at the end of its retention time, and its packages with it. "
                        "GetRunCoverage still returns their numbers."
                    )
                opened = host.object_name, found
            yield host.agent_id, opened[1].get(host.agent_id, ())


def run_coverage(store: CoverageStore, run: RunArn) -> RunCoverage:
    """Return the sum over the hosts of a run."""
    counts: Counter[str] = Counter()
    sources: dict[str, str] = {}
    hosts = scored = unscored = 0
    for host in all_hosts(store, run):
        hosts += 1
        counts.update(host.counts)
        scored += host.scored
        unscored += host.unscored
        for feed, date in host.score_sources.items():
            sources[feed] = min(date, sources.get(feed, date))
    return RunCoverage(
        hosts=hosts,
        counts=dict(sorted(counts.items())),
        scored=scored,
        unscored=unscored,
        score_sources=dict(sorted(sources.items())),
    )


def all_hosts(store: CoverageStore, run: RunArn) -> Iterator[HostCoverage]:
    """Yield every host of a run that has coverage, by agent id."""
    found = store.hosts(run, None, _HOSTS)
    while found:
        yield from found
        found = store.hosts(run, found[-1].agent_id, _HOSTS)


def _position(after: Cursor | None) -> tuple[str, int]:
    """Return the agent that a page begins with, and the number of its packages on earlier pages."""
    if after is None:
        return "", 0
    agent, _, place = after.arn.rpartition(_SEPARATOR)
    return agent, int(place)
