"""Attributes that rate a vulnerability: scores, weaknesses, EPSS and KEV."""

from collections.abc import Collection, Iterable
from typing import Final

from openinspector.engine.severity import deciding_score
from openinspector.model.advisory import RecordState, Score, Vulnerability

_MAX_SCORES: Final = 6
"""Scores shown as attributes: at most 3 attributes each, within the 50 of F6.6 with all others."""

RATING_ATTRIBUTES: Final = (
    *(f"CVSS{generation}_{part}*" for generation in (2, 3, 4) for part in ("SCORE", "VECTOR", "ORIGIN")),
    "CWE",
    "CVE_STATE",
    "EPSS_PROBABILITY",
    "EPSS_PERCENTILE",
    "EPSS_DATE",
    "KEV_ADDED",
    "KEV_DUE",
    "KEV_RANSOMWARE",
)
"""Keys that `score_attributes` and `record_attributes` return, as a rule declares them."""


def score_attributes(scores: Iterable[Score], publishers: Collection[str]) -> dict[str, str]:
    """Return the deciding score of each CVSS generation under its plain key, every other with its origin added."""
    values: dict[str, str] = {}
    rest = list(scores)
    while rest and len(values) < 3 * _MAX_SCORES:
        score = deciding_score(rest, publishers)
        assert score is not None
        rest.remove(score)
        name = f"CVSS{score.version[:1]}"
        suffix = f"_{score.origin.upper()[:32]}" if f"{name}_SCORE" in values else ""
        values.setdefault(f"{name}_SCORE{suffix}", str(score.base))
        values.setdefault(f"{name}_VECTOR{suffix}", score.vector)
        values.setdefault(f"{name}_ORIGIN{suffix}", score.origin)
    return values


def record_attributes(cwes: Iterable[str], record: Vulnerability | None) -> dict[str, str]:
    """Return weaknesses, the CVE record's state, EPSS and KEV, each where known."""
    values = {"CWE": ", ".join(dict.fromkeys((*cwes, *(record.cwes if record else ()))))}
    if record is None:
        return values
    if record.state is not RecordState.PUBLISHED:
        values["CVE_STATE"] = record.state.value
    if record.epss is not None:
        values["EPSS_PROBABILITY"] = f"{record.epss.probability:.5f}"
        values["EPSS_PERCENTILE"] = f"{record.epss.percentile:.5f}"
        values["EPSS_DATE"] = record.epss.date
    if record.kev is not None:
        values["KEV_ADDED"] = record.kev.added
        values["KEV_DUE"] = record.kev.due
        values["KEV_RANSOMWARE"] = "yes" if record.kev.ransomware else "no"
    return values
