"""Selects the part of a report that is printed: all of it up to about 500 pages, the most severe part of a longer one.

Pages are estimated from characters. If there are too many, each rule shows fewer of its instances. If that is not
enough, the least severe rules are only listed. Everything omitted is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from openinspector.service.reports.content import (
    Proof,
    ReportContent,
    ReportedFinding,
    ReportedInstance,
    RuleFindings,
)

BUDGET: Final = 1_500_000
"""Characters of findings: about 500 pages."""
MOST_INSTANCES: Final = 1_000
"""Most instances listed; those with the most findings are chosen."""
MOST_LISTED: Final = 3_000
_CAPS: Final = (100, 25, 5)
"""Numbers of instances that a rule may show, tried in this order."""
_LINE: Final = 70
_RULE: Final = 1_000
"""Space of a rule's headings, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRule:
    """The findings of a rule that are printed."""

    rule: RuleFindings
    left_out: int
    """Number of its findings that are not printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The part of a report that is printed."""

    findings: tuple[PaperRule, ...]
    listed: tuple[RuleFindings, ...]
    """Rules printed with name, severity and count only; at most `MOST_LISTED`."""
    unlisted: int
    """Number of rules that are not listed."""
    instances: tuple[ReportedInstance, ...]

    @property
    def shortened(self) -> bool:
        """True if findings are omitted."""
        return bool(self.listed) or any(found.left_out for found in self.findings)


def fit_paper(content: ReportContent, budget: int = BUDGET) -> Paper:
    """Return the part of a report that fits into ``budget`` characters."""
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
    findings = tuple(_findings(rule, cap))
    shown = sum(len(proof.hosts) for finding in findings for proof in finding.proofs)
    return PaperRule(rule=replace(rule, findings=findings), left_out=rule.count - shown)


def _findings(rule: RuleFindings, room: int) -> Iterator[ReportedFinding]:
    for finding in rule.findings:
        proofs: list[Proof] = []
        for proof in finding.proofs:
            if room > 0:
                proofs.append(replace(proof, hosts=proof.hosts[:room]))
                room -= len(proofs[-1].hosts)
        if proofs:
            yield replace(finding, proofs=tuple(proofs))


def _size(printed: PaperRule) -> int:
    return _RULE + sum(
        len(finding.description)
        + len(finding.recommendation)
        + sum(len(proof.evidence) + _LINE * (3 + len(proof.hosts)) for proof in finding.proofs)
        for finding in printed.rule.findings
    )
