"""Severity of a vulnerability from scores and the publisher's word (F6.15, decisions).

In this order, the first that is known decides:

1. the CVSS v3 base score of a publisher whose advisory is in force: for the package, for the release, for the CVE,
2. the CVSS v3 base score of NVD, of the CVE record (CNA), of who enriches it (ADP), then of anyone else,
3. the CVSS v4 base score, then v2, from the same parties in the same order,
4. the highest priority word of the advisories in force,

else the severity is Undefined.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from openinspector.model.advisory import Advisory, Priority, Score
from openinspector.model.finding import Severity

_HIGH: Final = 7.0
_MEDIUM: Final = 4.0
_LOW: Final = 0.1

_BY_PRIORITY: Final[Mapping[Priority, Severity]] = MappingProxyType(
    {
        Priority.HIGH: Severity.HIGH,
        Priority.MEDIUM: Severity.MEDIUM,
        Priority.LOW: Severity.LOW,
        Priority.NEGLIGIBLE: Severity.INFORMATIONAL,
        Priority.UNSPECIFIED: Severity.UNDEFINED,
    }
)
_PRIORITIES: Final = tuple(_BY_PRIORITY)
_GENERATIONS: Final = ("3", "4", "2")
_ORIGINS: Final = ("nvd", "cve", "adp")


def severity_of_score(base: float) -> Severity:
    """Return the severity of a CVSS base score, 0.0 to 10.0 (F6.15)."""
    if base >= _HIGH:
        return Severity.HIGH
    if base >= _MEDIUM:
        return Severity.MEDIUM
    return Severity.LOW if base >= _LOW else Severity.INFORMATIONAL


def severity_of_priority(priority: Priority) -> Severity:
    """Return the severity that a publisher's word stands for."""
    return _BY_PRIORITY[priority]


def deciding_score(scores: Iterable[Score], publishers: Collection[str]) -> Score | None:
    """Return the score that decides, or None without a score; among equals in rank, the highest."""
    ranked = sorted(scores, key=lambda score: (*_rank(score, publishers), -score.base, score.origin, score.vector))
    return ranked[0] if ranked else None


def severity_of(advisories: Collection[Advisory], scores: Iterable[Score]) -> Severity:
    """Return the severity of a vulnerability that ``advisories`` name and ``scores`` rate."""
    score = deciding_score(scores, {advisory.feed for advisory in advisories})
    if score is not None:
        return severity_of_score(score.base)
    words = [advisory.priority for advisory in advisories] or [Priority.UNSPECIFIED]
    return severity_of_priority(min(words, key=_PRIORITIES.index))


def _rank(score: Score, publishers: Collection[str]) -> tuple[int, int]:
    generation = score.version[:1]
    age = _GENERATIONS.index(generation) if generation in _GENERATIONS else len(_GENERATIONS)
    if score.origin in publishers:
        return age, 0 if score.package else 1 if score.stream else 2
    return age, 3 + (_ORIGINS.index(score.origin) if score.origin in _ORIGINS else len(_ORIGINS))
