"""Selects the part of a report that is printed: all of it up to about 500 pages, the most severe part of a longer one.

Pages are estimated from characters. If there are too many, each remedy shows fewer of its instances. If that is not
enough, the least severe remedies are only listed. Everything omitted is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from openinspector.service.reports.content import (
    Proof,
    RemedyFindings,
    ReportContent,
    ReportedFinding,
    ReportedInstance,
    ReportedIssue,
)

BUDGET: Final = 1_500_000
"""Characters of findings: about 500 pages."""
MOST_INSTANCES: Final = 1_000
"""Most instances listed; those with the most findings are chosen."""
MOST_LISTED: Final = 3_000
MOST_ISSUES: Final = 25
"""Most vulnerabilities of a remedy that have a row; the ids of the others are listed."""
_CAPS: Final = (100, 25, 5)
"""Numbers of instances that a remedy may show, tried in this order."""
_LINE: Final = 70
_ID: Final = 16
_RULE: Final = 1_000
"""Space of a remedy's headings, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRule:
    """The findings of a remedy that are printed."""

    rule: RemedyFindings
    left_out: int
    """Number of its findings that are not printed."""
    issues: tuple[ReportedIssue, ...]
    """Vulnerabilities with a row of their own: at most `MOST_ISSUES`, the most severe."""
    other_issues: tuple[str, ...]
    """Ids of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The part of a report that is printed."""

    findings: tuple[PaperRule, ...]
    listed: tuple[RemedyFindings, ...]
    """Remedies printed with heading, severity and count only; at most `MOST_LISTED`."""
    unlisted: int
    """Number of remedies that are not listed."""
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


def _capped(rule: RemedyFindings, cap: int) -> PaperRule:
    findings = tuple(_findings(rule, cap))
    hosts = [host for finding in findings for proof in finding.proofs for host in proof.hosts]
    shown = sum(len(host.findings) for host in hosts)
    rows = rule.issues[:MOST_ISSUES]
    return PaperRule(
        rule=replace(rule, findings=findings, issues=()),
        left_out=rule.count - shown,
        issues=rows,
        other_issues=tuple(issue.rule_id for issue in rule.issues[len(rows) :]),
    )


def _findings(rule: RemedyFindings, room: int) -> Iterator[ReportedFinding]:
    for finding in rule.findings:
        proofs: list[Proof] = []
        for proof in finding.proofs:
            if room > 0:
                proofs.append(replace(proof, hosts=proof.hosts[:room]))
                room -= len(proofs[-1].hosts)
        if proofs:
            yield replace(finding, proofs=tuple(proofs))


def _size(printed: PaperRule) -> int:
    return (
        _RULE
        + _LINE * 2 * len(printed.issues)
        + _ID * len(printed.other_issues)
        + sum(
            len(finding.description)
            + len(finding.recommendation)
            + sum(len(proof.evidence) + _LINE * (3 + len(proof.hosts)) for proof in finding.proofs)
            for finding in printed.rule.findings
        )
    )
