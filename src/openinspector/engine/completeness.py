"""Gaps of sensors: the absence of a record proves nothing unless its sensor read everything."""

from collections.abc import Iterable

from openinspector.engine.rule import Unable
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts

REMEDY = (
    "Run the agent as root and let it read the files named; on the host, `openinspector agent collect --dry-run` "
    "shows what each sensor sees. Then start the assessment run again."
)


def unseen(facts: HostFacts, sensors: Iterable[str]) -> Unable | None:
    """Return why absent records prove nothing; None if all of ``sensors`` read everything."""
    gaps = [gap for sensor in sensors for gap in _gaps(facts, sensor)]
    return unable(" ".join(gaps)) if gaps else None


def unable(reason: str, remedy: str = REMEDY) -> Unable:
    """Return the outcome of a rule that could not be completed on a host (F8.2, type 8)."""
    return Unable(kind=ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE, reason=reason, recommendation=remedy)


def _gaps(facts: HostFacts, sensor: str) -> tuple[str, ...]:
    status = facts.sensors.get(sensor)
    if status is None:
        return (f"The host sent nothing from the sensor {sensor}.",)
    if facts.complete(sensor):
        return ()
    return (f"The sensor {sensor} did not see everything.", *status.details)
