"""Check and Verdict: one requirement of a benchmark, and what the facts of a host say of it.

Verdicts are three-valued at heart: a missing fact is `Unknown`, never `Satisfied` and never `Violated`. A requirement
about something that the host does not have is `Inapplicable`, with the reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from openinspector.engine.completeness import unseen
from openinspector.engine.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A parameter that an administrator may tailor for a template."""

    name: str
    default: str
    """As it is written in configuration files and in a tailoring file."""
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tailoring:
    """Values of variables that differ from the benchmark's."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def value(self, variable: Variable) -> str:
        """Return the value that is in force for a variable."""
        return self.values.get(variable.name, variable.default)


AS_PUBLISHED: Final = Tailoring()
"""Every variable at the benchmark's own value."""


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


class Check(Protocol):
    """One requirement. Implementations are frozen dataclasses whose fields are their parameters."""

    @property
    def title(self) -> str:
        """The requirement as a short sentence without a full stop: ``net.ipv4.ip_forward is 0``."""
        ...

    @property
    def reads(self) -> tuple[type[Record], ...]:
        """The kinds of record it reads."""
        ...

    @property
    def sensors(self) -> tuple[str, ...]:
        """The sensors whose records it reads."""
        ...

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge one host."""
        ...


def missing(facts: HostFacts, *sensors: str) -> Unknown | None:
    """Return why the facts cannot tell, or None if each of ``sensors`` read everything there was."""
    gap = unseen(facts, sensors)
    return Unknown(reason=gap.reason) if gap else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """A requirement that only a person can judge."""

    title: str
    reason: str = "Whether this holds depends on the site's policy; a person must decide."
    reads: tuple[type[Record], ...] = ()
    sensors: tuple[str, ...] = ()

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Return Unknown."""
        del facts, tailoring
        return Unknown(reason=self.reason)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Alternatives: one that is satisfied is enough."""

    checks: tuple[Check, ...]
    title: str

    @property
    def reads(self) -> tuple[type[Record], ...]:
        """The kinds of record that any of the checks reads."""
        return distinct(kind for check in self.checks for kind in check.reads)

    @property
    def sensors(self) -> tuple[str, ...]:
        """The sensors of all the checks."""
        return distinct(name for check in self.checks for name in check.sensors)

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the alternatives in order; the first one that is satisfied decides."""
        verdicts = [check.judge(facts, tailoring) for check in self.checks]
        for verdict in verdicts:
            if isinstance(verdict, Satisfied):
                return verdict
        unknown = next((verdict for verdict in verdicts if isinstance(verdict, Unknown)), None)
        violated = [verdict for verdict in verdicts if isinstance(verdict, Violated)]
        if unknown is not None:
            return unknown
        if not violated:
            return verdicts[0]
        because = tuple(verdict.evidence for verdict in violated)
        return Violated(
            evidence=Evidence(statement=f"Not met: {self.title}.", because=because), remedy=violated[0].remedy
        )


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
    )


def _gathered(evidence: list[Evidence], statement: str) -> Evidence:
    return evidence[0] if len(evidence) == 1 else Evidence(statement=statement, because=tuple(evidence))


def distinct(values: Iterable[T]) -> tuple[T, ...]:
    """Return the values without repetitions, in order."""
    return tuple(dict.fromkeys(values))
