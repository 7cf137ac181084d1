"""Compare waivers with an issue on a host: pure, for every rules package.

A waiver applies while its grounds are as they were. If one changed, the waiver has ended on that host. If the host can
no longer show one, because a sensor failed, the waiver is suspended: the finding counts, and the waiver applies again
once the ground is shown unchanged.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Final, assert_never

from openinspector.model.finding import Attribute
from openinspector.model.ground import Ground, Part
from openinspector.model.waiver import RESTS_ON, GroundChange, Waiver, WaiverEnd, WaiverVerdict

WAIVED_BY: Final = "WAIVED_BY"
WAIVED_UNTIL: Final = "WAIVED_UNTIL"
WAIVER_REASON: Final = "WAIVER_REASON"
WAIVER: Final = "WAIVER"
WAIVER_ENDED: Final = "WAIVER_ENDED"
WAIVER_SUSPENDED: Final = "WAIVER_SUSPENDED"
ATTRIBUTES: Final = (WAIVED_BY, WAIVED_UNTIL, WAIVER_REASON, WAIVER, WAIVER_ENDED, WAIVER_SUSPENDED)
"""Keys of the attributes that show on a finding what waivers say about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue on one host, as waivers see it."""

    name: str
    """Stable: it does not change with wording or release. ``CVE-2024-6387``, ``debian_12/5.1.20``."""
    subject: str
    agent_id: str
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfScope:
    """The waiver is for other issues, subjects or hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applies:
    """The waiver is in force."""

    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The last day of the waiver has passed."""

    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A ground has changed, now or at an earlier evaluation."""

    waiver: Waiver
    end: WaiverEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """The host does not show a ground that the waiver holds."""

    waiver: Waiver
    missing: Ground


WaiverStatus = Applies | Suspended | Ended | Expired | OutOfScope


def holds(grounds: Iterable[Ground], verdict: WaiverVerdict) -> tuple[Ground, ...]:
    """Return the grounds of a finding that a waiver with this verdict rests on."""
    return tuple(ground for ground in grounds if ground.part in RESTS_ON[verdict])


def status_of(waiver: Waiver, issue: Issue, today: date) -> WaiverStatus:
    """Return what a waiver says about an issue on a day."""
    if not _is_in_scope(waiver, issue):
        return OutOfScope()
    if today > waiver.expires:
        return Expired(waiver=waiver)
    ended = waiver.end_on(issue.agent_id)
    if ended is not None:
        return Ended(waiver=waiver, end=ended)
    found = _by_name(issue.grounds)
    missing: Ground | None = None
    for (part, key), was in _by_name(waiver.holds).items():
        now = found.get((part, key))
        if now is None:
            missing = missing or Ground(part=part, key=key, value=was[0])
        elif not _is_unchanged(part, was, now):
            change = GroundChange(part=part, key=key, was=was, now=now)
            return Ended(waiver=waiver, end=WaiverEnd(agent_id=issue.agent_id, ended_on=today, change=change))
    return Suspended(waiver=waiver, missing=missing) if missing else Applies(waiver=waiver)


def decisive(waivers: Iterable[Waiver], issue: Issue, today: date) -> WaiverStatus:
    """Return the status that counts: a waiver in force, else one that is suspended, ended or expired."""
    found = [status_of(waiver, issue, today) for waiver in waivers]
    for kind in (Applies, Suspended, Ended, Expired):
        for one in found:
            if isinstance(one, kind):
                return one
    return OutOfScope()


def attributes(found: WaiverStatus) -> Sequence[Attribute]:
    """Return the attributes that show a status on a finding; none if no waiver is for it."""
    match found:
        case Applies(waiver=waiver):
            return (
                Attribute(key=WAIVED_BY, value=waiver.owner),
                Attribute(key=WAIVED_UNTIL, value=waiver.expires.isoformat()),
                Attribute(key=WAIVER_REASON, value=waiver.reason),
                Attribute(key=WAIVER, value=waiver.id),
            )
        case Suspended(waiver=waiver, missing=ground):
            return (
                Attribute(key=WAIVER_SUSPENDED, value=f"The host does not show {ground.key}."),
                Attribute(key=WAIVER, value=waiver.id),
            )
        case Ended(waiver=waiver, end=end):
            return (
                Attribute(key=WAIVER_ENDED, value=f"On {end.ended_on}: {end.change.text}."),
                Attribute(key=WAIVER, value=waiver.id),
            )
        case Expired(waiver=waiver):
            return (
                Attribute(key=WAIVER_ENDED, value=f"It expired on {waiver.expires}."),
                Attribute(key=WAIVER, value=waiver.id),
            )
        case OutOfScope():
            return ()
        case _:
            assert_never(found)


def _is_in_scope(waiver: Waiver, issue: Issue) -> bool:
    scope = waiver.scope
    return (
        issue.name.casefold() in {name.casefold() for name in scope.issues}
        and (not scope.agent_ids or issue.agent_id in scope.agent_ids)
        and fnmatchcase(issue.subject, scope.subject)
    )


def _by_name(grounds: Iterable[Ground]) -> dict[tuple[Part, str], tuple[str, ...]]:
    """Return the sorted values of each part and key."""
    values: defaultdict[tuple[Part, str], set[str]] = defaultdict(set)
    for ground in grounds:
        values[ground.part, ground.key].add(ground.value)
    return {name: tuple(sorted(found)) for name, found in values.items()}


def _is_unchanged(part: Part, was: tuple[str, ...], now: tuple[str, ...]) -> bool:
    return set(now) <= set(was) if part in (Part.EXPOSURE, Part.SUBJECT) else was == now
