"""Cases: one vulnerability of a host, with all its matches and ratings.

A case names no host: hosts with the same builds of the same packages and the same exposure share it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.engine.kernel import KernelRole
from openinspector.engine.match import AdvisoryIndex, Match
from openinspector.model.advisory import Advisory, Score, Vulnerability
from openinspector.model.exposure import Exposure
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package

NO_FACTS: Final = HostFacts(agent_id="", records={}, sensors={})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One vulnerability with its matches and ratings. Compared by identity, because cases are shared."""

    identity: str
    """The CVE id, or the id of an advisory without one."""
    matches: tuple[Match, ...]
    """By package, stream, feed and advisory; at least one."""
    deciding: tuple[Match, ...]
    """For each package, the strictest match."""
    scores: tuple[Score, ...]
    advisories: tuple[Advisory, ...]
    """The advisories of the matches, each once."""
    record: Vulnerability | None
    """Data of CVE, NVD, EPSS and KEV; None if none of them is loaded or knows the CVE."""
    days: Mapping[str, str]
    """ISO 8601 day on which each feed was last complete, by feed."""
    exposure: Exposure
    """The strongest exposure of its packages."""
    kernel: HostFacts = NO_FACTS
    """If a kernel package is among the packages: the host's kernel packages and its running kernel."""

    @property
    def is_cve(self) -> bool:
        """Return True if an advisory names the identity as a vulnerability."""
        return any(self.identity in match.vulnerabilities for match in self.matches)

    def is_installed(self, match: Match) -> bool:
        """Return True if the package is in the package database; the running kernel's may have been removed."""
        if match.role is not KernelRole.RUNNING:
            return True
        name, version = match.package.name, match.package.version
        return any(found.name == name and found.version == version for found in self.kernel.all(Package))


def case_of(
    identity: str, matches: tuple[Match, ...], exposure: Exposure, index: AdvisoryIndex, kernel: HostFacts = NO_FACTS
) -> Case:
    """Return the case of one vulnerability; ``matches`` are sorted by package."""
    return Case(
        identity=identity,
        matches=matches,
        deciding=_deciding(matches),
        scores=_scores(identity, matches, index),
        advisories=tuple({(m.advisory.feed, m.advisory.id): m.advisory for m in matches}.values()),
        record=index.vulnerability(identity),
        days=index.days,
        exposure=exposure,
        kernel=kernel,
    )


def _deciding(matches: Iterable[Match]) -> tuple[Match, ...]:
    found: dict[tuple[str, str, str], Match] = {}
    for match in matches:
        key = (match.package.name, match.package.version, match.package.architecture)
        known = found.get(key)
        if known is None or _rank(match) > _rank(known):
            found[key] = match
    return tuple(found.values())


def _rank(match: Match) -> tuple[bool, bool, bytes]:
    """Order the matches of one package by strictness: no fix, an update, only a restart."""
    return not match.fixed_version, match.installed_fix is None, match.fixed_key


def _scores(identity: str, matches: tuple[Match, ...], index: AdvisoryIndex) -> tuple[Score, ...]:
    """Return the vulnerability's own scores; if it has none, those of advisories that name it with others.

    A score that its publisher limits to another stream or package does not count.
    """
    own = tuple(score for score in index.scores(identity) if _rates(score, matches))
    return own or tuple(dict.fromkeys(score for match in matches for score in match.advisory.scores))


def _rates(score: Score, matches: tuple[Match, ...]) -> bool:
    return any(
        score.stream in ("", match.target.stream)
        and score.package in ("", match.target.name, match.package.name, match.package.source_name)
        for match in matches
    )
