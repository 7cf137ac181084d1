"""What of a report is put on paper: all of it up to some hundred pages, and what matters most of what is more.

Pages are reckoned from characters, a line at least for each finding. Where they are too many, each rule shows fewer of
its instances; then the least severe rules are only listed. Everything that is left out is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from openinspector.service.reports.content import (
    Case,
    Proof,
    ReportContent,
    ReportedInstance,
    RuleFindings,
)

BUDGET: Final = 1_500_000
"""Characters of findings: about 500 pages."""
MOST_INSTANCES: Final = 1_000
"""Instances listed; those with the most findings."""
MOST_LISTED: Final = 3_000
_CAPS: Final = (100, 25, 5)
"""How many instances a rule may show, tried one after another."""
_LINE: Final = 70
_RULE: Final = 1_000
"""Characters that a rule's headings take the place of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRule:
    """A rule's findings as they are printed."""

    rule: RuleFindings
    left_out: int
    """Findings of it that are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed."""

    findings: tuple[PaperRule, ...]
    listed: tuple[RuleFindings, ...]
    """Rules of which only name, severity and count are shown; at most `MOST_LISTED`."""
    unlisted: int
    """Rules that are not even listed."""
    instances: tuple[ReportedInstance, ...]

    @property
    def shortened(self) -> bool:
        """Whether findings are left out."""
        return bool(self.listed) or any(found.left_out for found in self.findings)


def fit_paper(content: ReportContent, budget: int = BUDGET) -> Paper:
    """Return what of a report is printed; ``budget`` as `BUDGET`."""
    fitted = [_capped(rule, rule.count) for rule in content.findings]
    for cap in _CAPS:
        if sum(map(_size, fitted)) <= budget:
            break
        fitted = [_capped(rule, cap) for rule in content.findings]
    shown, room = 0, budget
    while shown < len(fitted) and room >= _size(fitted[shown]):
        room -= _size(fitted[shown])
        shown += 1
    beyond = content.findings[shown:]
    return Paper(
        findings=tuple(fitted[:shown]),
        listed=beyond[:MOST_LISTED],
        unlisted=len(beyond[MOST_LISTED:]),
        instances=_with_most(content.instances),
    )


def _with_most(instances: tuple[ReportedInstance, ...]) -> tuple[ReportedInstance, ...]:
    if len(instances) <= MOST_INSTANCES:
        return instances
    return tuple(sorted(instances, key=lambda one: -sum(one.counts.values()))[:MOST_INSTANCES])


def _capped(rule: RuleFindings, cap: int) -> PaperRule:
    cases = tuple(_cases(rule, cap))
    shown = sum(len(proof.occurrences) for case in cases for proof in case.proofs)
    return PaperRule(rule=replace(rule, cases=cases), left_out=rule.count - shown)


def _cases(rule: RuleFindings, room: int) -> Iterator[Case]:
    for case in rule.cases:
        proofs: list[Proof] = []
        for proof in case.proofs:
            if room > 0:
                proofs.append(replace(proof, occurrences=proof.occurrences[:room]))
                room -= len(proofs[-1].occurrences)
        if proofs:
            yield replace(case, proofs=tuple(proofs))


def _size(printed: PaperRule) -> int:
    return _RULE + sum(
        len(case.description)
        + len(case.recommendation)
        + sum(len(proof.evidence) + _LINE * (3 + len(proof.occurrences)) for proof in case.proofs)
        for case in printed.rule.cases
    )
