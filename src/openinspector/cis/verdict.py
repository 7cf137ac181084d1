"""Verdict: the outcome of a requirement on a host.

Verdicts are three-valued at heart: a missing fact is `Unknown`, never `Satisfied` and never `Violated`. A requirement
about something that the host does not have is `Inapplicable`, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from openinspector.model.evidence import Evidence
from openinspector.model.ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfied:
    """The host meets the requirement."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Violated:
    """The host does not meet the requirement."""

    evidence: Evidence
    remedy: str
    """What to do, in one or two sentences."""
    grounds: tuple[Ground, ...]
    """The values that it rests on; a waiver ends when one of them changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inapplicable:
    """The requirement is about something that the host does not have or an alternative that it does not use."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The facts do not tell."""

    reason: str


T = TypeVar("T")

Verdict = Satisfied | Violated | Inapplicable | Unknown


def combine(verdicts: Iterable[Verdict], title: str) -> Verdict:
    """Return the verdict on a control of several checks, all of which must hold.

    One violation decides, then one unknown; checks that do not apply do not count unless none does.
    """
    found = tuple(verdicts)
    violated = [verdict for verdict in found if isinstance(verdict, Violated)]
    unknown = [verdict for verdict in found if isinstance(verdict, Unknown)]
    satisfied = [verdict for verdict in found if isinstance(verdict, Satisfied)]
    if violated:
        return _all_violated(violated, title)
    if unknown:
        return Unknown(reason=" ".join(distinct(verdict.reason for verdict in unknown)))
    if satisfied:
        return Satisfied(evidence=_gathered([verdict.evidence for verdict in satisfied], f"Met: {title}."))
    reasons = (verdict.reason for verdict in found if isinstance(verdict, Inapplicable))
    return Inapplicable(reason=" ".join(distinct(reasons)))


def _all_violated(violated: list[Violated], title: str) -> Violated:
    return Violated(
        evidence=_gathered([verdict.evidence for verdict in violated], f"Not met: {title}."),
        remedy=" ".join(distinct(verdict.remedy for verdict in violated)),
        grounds=tuple(ground for verdict in violated for ground in verdict.grounds),
    )


def _gathered(evidence: list[Evidence], statement: str) -> Evidence:
    return evidence[0] if len(evidence) == 1 else Evidence(statement=statement, because=tuple(evidence))


def distinct(values: Iterable[T]) -> tuple[T, ...]:
    """Return the values without repetitions, in order."""
    return tuple(dict.fromkeys(values))
