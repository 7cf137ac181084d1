"""How urgent a step of a fix plan is: the worst of what it closes."""

from collections.abc import Collection, Iterable

from openinspector.engine.severity import deciding_score
from openinspector.model.advisory import Score, Vulnerability
from openinspector.model.exposure import EXPOSURE_ORDER, Exposure
from openinspector.model.plan import Urgency


def is_exploited(record: Vulnerability | None) -> bool:
    """Return True if CISA knows of attacks."""
    return record is not None and record.kev is not None


def urgency_of(
    record: Vulnerability | None, scores: Iterable[Score], feeds: Collection[str], exposure: Exposure
) -> Urgency:
    """Return the urgency of one vulnerability, with its scores and the feeds of its advisories."""
    best = deciding_score(tuple(scores), set(feeds))
    return Urgency(
        exploited=int(is_exploited(record)),
        epss=record.epss.probability if record is not None and record.epss is not None else 0.0,
        score=best.base if best else 0.0,
        exposure=exposure,
    )


def worst(urgencies: Iterable[Urgency]) -> Urgency:
    """Return the number of exploited vulnerabilities, and the worst of everything else."""
    exploited, epss, score, exposure = 0, 0.0, 0.0, Exposure.INSTALLED
    for one in urgencies:
        exploited += one.exploited
        epss = max(epss, one.epss)
        score = max(score, one.score)
        exposure = min(exposure, one.exposure, key=EXPOSURE_ORDER.index)
    return Urgency(exploited=exploited, epss=epss, score=score, exposure=exposure)
