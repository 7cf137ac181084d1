"""Builds the content of a report from the findings of a run, one at a time.

Findings that one remedy closes are together (`openinspector.engine.remedy`): a row for each vulnerability, and each
instance once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Final, TypeVar, cast

from openinspector.engine.evaluate import INSTANCE_ID
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.remedy import Remedy, remedy_of
from openinspector.model.exclusion import Exclusion, ScopeKey
from openinspector.model.finding import Attribute, FailedControl, Finding, Severity
from openinspector.model.foreign_text import printable, printable_line
from openinspector.service.ports.rule_result_store import RuleTally
from openinspector.service.reports.benchmarks import BenchmarkTally, benchmark_tallies, is_control
from openinspector.service.reports.content import (
    MOST_NAMED,
    RemedyFindings,
    ReportContent,
    ReportedExclusion,
    ReportedRule,
)
from openinspector.service.reports.remedies import Place, RemedyGroup

_Value = TypeVar("_Value")

_ORDER: Final = tuple(Severity)


class ReportBuilder:
    """Adds findings, exclusions and rules to a report without any."""

    def __init__(self, frame: ReportContent, package_names: dict[str, str]) -> None:
        self._frame = _printable(frame)
        self._names = {arn: printable_line(name) for arn, name in package_names.items()}
        self._everywhere = frozenset(frame.run.user_attributes)
        self._groups: dict[tuple[str, Remedy], RemedyGroup] = {}
        self._by_package: dict[str, Counter[Severity]] = defaultdict(Counter)
        self._by_instance: dict[str, Counter[Severity]] = defaultdict(Counter)
        self._excluded: dict[tuple[str, str, str], list[Exclusion]] = {}
        self._excluded_on: Counter[str] = Counter()
        self._rules: tuple[ReportedRule, ...] = ()
        self._benchmarks: tuple[BenchmarkTally, ...] = ()

    def add_finding(self, finding: Finding) -> None:
        """Add a finding to those of its remedy."""
        agent = finding.asset.agent_id
        package = self._name(finding.rules_package_arn)
        self._by_package[package][finding.severity] += 1
        self._by_instance[agent][finding.severity] += 1
        remedy = remedy_of(finding.body)
        group = self._groups.setdefault((package, remedy), RemedyGroup(remedy=remedy, package=package))
        group.places.setdefault(finding.body, []).append(
            Place(
                finding=finding.arn.rpartition("/")[2],
                agent_id=agent,
                hostname=printable_line(finding.asset.hostname),
                user_attributes=_shown(self._own(finding)),
            )
        )

    def add_exclusion(self, exclusion: Exclusion) -> None:
        """Add an exclusion. Exclusions with the same text for several instances become one."""
        preview = exclusion.preview
        instances = [scope.value for scope in preview.scopes if scope.key is ScopeKey.INSTANCE_ID]
        self._excluded_on.update(instances)
        agent = instances[0] if instances else ""
        place = (
            printable_line(preview.title),
            _impersonal(preview.description, agent),
            _impersonal(preview.recommendation, agent),
        )
        self._excluded.setdefault(place, []).append(exclusion)

    def add_benchmarks(self, tallies: Sequence[RuleTally]) -> None:
        """Add how the controls of benchmarks came out, with the remedies of the findings added so far."""
        remedies = {
            printable_line(body.rule_id): body.remedy
            for group in self._groups.values()
            for body in group.places
            if isinstance(body, FailedControl)
        }
        self._benchmarks = _printable(benchmark_tallies(tallies, remedies))

    def add_rules(self, tallies: Sequence[RuleTally]) -> None:
        """Add the rules that were evaluated."""
        rules = [self._rule(tally) for tally in tallies if not is_control(tally)]
        self._rules = _printable(tuple(sorted(rules, key=lambda rule: (rule.package, rule.title))))

    def build(self) -> ReportContent:
        """Return the content of the report, most severe findings first."""
        found = sorted((group.findings() for group in self._groups.values()), key=_urgency)
        return replace(
            self._frame,
            packages=tuple(
                replace(package, counts=dict(self._by_package[package.name])) for package in self._frame.packages
            ),
            instances=tuple(
                replace(
                    instance,
                    counts=dict(self._by_instance[instance.agent_id]),
                    exclusions=self._excluded_on[instance.agent_id],
                )
                for instance in self._frame.instances
            ),
            exclusions=tuple(self._exclusion(place) for place in sorted(self._excluded)),
            findings=tuple(found),
            rules=self._rules,
            benchmarks=self._benchmarks,
        )

    def _exclusion(self, place: tuple[str, str, str]) -> ReportedExclusion:
        scopes = [scope for one in self._excluded[place] for scope in one.preview.scopes]
        title, description, recommendation = place
        packages = {self._name(scope.value) for scope in scopes if scope.key is ScopeKey.RULES_PACKAGE_ARN}
        return ReportedExclusion(
            title=title,
            description=description,
            recommendation=recommendation,
            instances=tuple(sorted({printable_line(s.value) for s in scopes if s.key is ScopeKey.INSTANCE_ID})),
            packages=tuple(sorted(packages)),
        )

    def _rule(self, tally: RuleTally) -> ReportedRule:
        return ReportedRule(
            title=tally.rule.title,
            package=self._name(tally.rule.rules_package_arn),
            severity=tally.rule.severity,
            passed=tally.count(OutcomeKind.PASSED),
            detected=tally.count(OutcomeKind.DETECTED),
            unable=tally.count(OutcomeKind.UNABLE),
            not_applicable=tally.count(OutcomeKind.NOT_APPLICABLE),
            detected_on=tuple(tally.hosts.get(OutcomeKind.DETECTED, ())[:MOST_NAMED]),
            unable_on=tuple(tally.hosts.get(OutcomeKind.UNABLE, ())[:MOST_NAMED]),
        )

    def _own(self, finding: Finding) -> Iterable[Attribute]:
        """Yield waivers of a finding, and user attributes that not every finding of the run has."""
        yield from (one for one in finding.attributes if one.key != INSTANCE_ID)
        yield from (one for one in finding.user_attributes if one not in self._everywhere)

    def _name(self, arn: str) -> str:
        return self._names.get(arn, arn)


def _printable(value: _Value) -> _Value:
    """Return a value of the report's content with every text in it printable: users wrote some of them."""
    made: object = value
    match value:
        case str() if not isinstance(value, Enum):
            made = printable(value)
        case tuple():
            made = tuple(_printable(one) for one in value)
        case Mapping():
            made = {_printable(key): _printable(one) for key, one in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            made = replace(value, **{one.name: _printable(getattr(value, one.name)) for one in fields(value)})
    return cast("_Value", made)


def _impersonal(text: str, agent_id: str) -> str:
    """Return a text without the id of its instance, so that findings on several instances share it."""
    if agent_id:
        text = text.replace(f"nstance {agent_id}", "nstance").replace(agent_id, "this instance")
    return printable(text)


def _shown(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(key=printable(one.key), value=printable(one.value) if one.value else None) for one in attributes
    )


def _urgency(found: RemedyFindings) -> tuple[object, ...]:
    """Sort key: exploited first, then the most severe, the most findings, and the heading."""
    exploited = any(issue.exploited for issue in found.issues)
    return not exploited, [-found.counts.get(severity, 0) for severity in _ORDER], found.heading, found.package
