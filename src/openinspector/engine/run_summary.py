"""Counts the findings of a run as issues: pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from msgspec.structs import replace

from openinspector.engine.bounds import fit_line
from openinspector.engine.finding_text import body_attributes
from openinspector.model.arn import RulesPackageArn
from openinspector.model.finding import (
    INSTANCE,
    AnyBody,
    FailedControl,
    NoIssues,
    OutdatedByProduct,
    Severity,
    StatedIssue,
    VulnerablePackages,
    VulnerableWindows,
)
from openinspector.model.run_summary import CountedIssue, HostCounts, RunContent

_ORDER: Final = tuple(Severity)
_SHOWN_PACKAGES: Final = 3
_MAX_SUBJECT: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyHosts:
    """A body of findings, and the hosts with it."""

    rules_package_arn: RulesPackageArn
    body: AnyBody
    hosts: frozenset[str]
    """Ids of agents."""


def count_issues(found: Iterable[BodyHosts], before: RunContent | None, completed_at: datetime) -> RunContent:
    """Return what a run found, as issues; ``before`` is the content of the template's previous run."""
    earlier = {issue.key: issue.first_seen_at for issue in before.issues} if before is not None else {}
    issues: dict[tuple[str, str, str], CountedIssue] = {}
    hosts: dict[tuple[str, str, str], set[str]] = {}
    by_host: dict[str, Counter[Severity]] = {}
    for one in found:
        if isinstance(one.body, NoIssues):
            continue
        for host in one.hosts:
            by_host.setdefault(host, Counter())[one.body.severity] += 1
        issue = _issue(one, completed_at)
        known = issues.get(issue.key)
        hosts.setdefault(issue.key, set()).update(one.hosts)
        if known is None or _ORDER.index(issue.severity) < _ORDER.index(known.severity):
            issues[issue.key] = issue
    counted = (
        replace(issue, hosts=len(hosts[key]), first_seen_at=earlier.get(key, completed_at))
        for key, issue in issues.items()
    )
    return RunContent(
        issues=tuple(sorted(counted, key=what_matters_first)),
        hosts=tuple(HostCounts(agent_id=host, counts=dict(by_host[host])) for host in sorted(by_host)),
        gone=len(earlier.keys() - issues.keys()),
    )


def what_matters_first(issue: CountedIssue) -> tuple[object, ...]:
    """Sort key: exploited in the wild, severity, score, EPSS, hosts."""
    return (
        not issue.exploited,
        _ORDER.index(issue.severity),
        -issue.score,
        -issue.epss,
        -issue.hosts,
        issue.key,
    )


def _issue(found: BodyHosts, at: datetime) -> CountedIssue:
    values = {attribute.key: attribute.value or "" for attribute in reversed(body_attributes(found.body))}
    return CountedIssue(
        rules_package_arn=found.rules_package_arn,
        rule_id=found.body.rule_id,
        subject=subject_of(found.body),
        severity=found.body.severity,
        exploited="KEV_ADDED" in values,
        score=_number(values, "CVSS3_SCORE"),
        epss=_number(values, "EPSS_PROBABILITY"),
        fixed=values.get("fixed_version", ""),
        hosts=0,
        first_seen_at=at,
    )


def subject_of(body: AnyBody) -> str:
    """Return what a finding is about, in a printable line that names no host."""
    return fit_line(_subject(body), _MAX_SUBJECT)


def _subject(body: AnyBody) -> str:
    match body:
        case VulnerablePackages(packages=packages):
            names = list(dict.fromkeys(one.package.name for one in packages))
            more = len(names) - _SHOWN_PACKAGES
            return ", ".join(names[:_SHOWN_PACKAGES]) + (f" and {more} more" if more > 0 else "")
        case VulnerableWindows(product=product):
            return product
        case OutdatedByProduct(package=package):
            return package.name
        case FailedControl(number=number, title=title):
            return f"{number} {title}"
        case StatedIssue(title=title):
            return _on_the_host(title)
        case NoIssues():
            return ""
        case _:
            assert_never(body)


def _on_the_host(title: str) -> str:
    """Return a title that names no instance, for a count over hosts."""
    named = title.replace(f"Instance {INSTANCE}", "The host").replace(f"instance {INSTANCE}", "the host")
    return named.replace(INSTANCE, "the host")


def _number(values: Mapping[str, str], key: str) -> float:
    try:
        return float(values.get(key, "0"))
    except ValueError:
        return 0.0
