"""Rating of a vulnerability in findings: scores in the order they decide, weaknesses, EPSS and KEV."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from openinspector.engine.attribute_values import several, some
from openinspector.engine.severity import deciding_score
from openinspector.model.advisory import RecordState, Score, Vulnerability
from openinspector.model.finding import Attribute, CveRecord

_MAX_SCORES: Final = 4
"""Most scores of a finding: three attributes each, within the 50 of F6.6 with all others."""
_MAX_ORIGIN: Final = 32

RATING_ATTRIBUTES: Final = (
    *(f"CVSS{generation}_{part}*" for generation in (2, 3, 4) for part in ("SCORE", "VECTOR", "ORIGIN")),
    "CWE",
    "CWES_OMITTED",
    "CVE_STATE",
    "EPSS_PROBABILITY",
    "EPSS_PERCENTILE",
    "EPSS_DATE",
    "KEV_ADDED",
    "KEV_DUE",
    "KEV_RANSOMWARE",
)
"""Keys that `rating_attributes` yields, as a rule declares them."""


def ranked_scores(scores: Iterable[Score], publishers: Collection[str]) -> tuple[Score, ...]:
    """Return the first scores in the order in which they decide."""
    rest, ranked = list(scores), list[Score]()
    while rest and len(ranked) < _MAX_SCORES:
        score = deciding_score(rest, publishers)
        assert score is not None
        rest.remove(score)
        ranked.append(score)
    return tuple(ranked)


def cve_record(record: Vulnerability | None) -> CveRecord | None:
    """Return the part of a CVE record that findings show."""
    return CveRecord(state=record.state, epss=record.epss, kev=record.kev) if record is not None else None


def rating_attributes(scores: Iterable[Score], cwes: Iterable[str], record: CveRecord | None) -> Iterator[Attribute]:
    """Yield scores in their order, weaknesses, the CVE record's state, EPSS and KEV, each if known.

    The deciding score of each CVSS generation is under its plain key, every other has its origin added.
    """
    values: dict[str, str] = {}
    for score in scores:
        name = f"CVSS{score.version[:1]}"
        suffix = f"_{score.origin.upper()[:_MAX_ORIGIN]}" if f"{name}_SCORE" in values else ""
        values.setdefault(f"{name}_SCORE{suffix}", str(score.base))
        values.setdefault(f"{name}_VECTOR{suffix}", score.vector)
        values.setdefault(f"{name}_ORIGIN{suffix}", score.origin)
    yield from (Attribute(key=key, value=value) for key, value in values.items() if value)
    yield from several("CWE", cwes, "CWES_OMITTED")
    if record is not None:
        yield from _record_attributes(record)


def _record_attributes(record: CveRecord) -> Iterator[Attribute]:
    if record.state is not RecordState.PUBLISHED:
        yield Attribute(key="CVE_STATE", value=record.state.value)
    if record.epss is not None:
        yield Attribute(key="EPSS_PROBABILITY", value=f"{record.epss.probability:.5f}")
        yield Attribute(key="EPSS_PERCENTILE", value=f"{record.epss.percentile:.5f}")
        yield from some("EPSS_DATE", record.epss.date)
    if record.kev is not None:
        yield from some("KEV_ADDED", record.kev.added)
        yield from some("KEV_DUE", record.kev.due)
        yield Attribute(key="KEV_RANSOMWARE", value="yes" if record.kev.ransomware else "no")
