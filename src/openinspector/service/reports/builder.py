"""Builds the content of a report from the findings of a run, one at a time.

Thousands of findings share their texts once the instance's id is removed from them. The content has each text once,
and a line for each finding.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import Final, TypeVar, cast

from openinspector.engine.evaluate import INSTANCE_ID
from openinspector.engine.finding_text import finding_text
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.exclusion import Exclusion, ScopeKey
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.model.foreign_text import printable, printable_line
from openinspector.model.path_picture import PathPicture
from openinspector.service.ports.rule_result_store import RuleTally
from openinspector.service.reports.benchmarks import BenchmarkTally, benchmark_tallies, is_control
from openinspector.service.reports.content import (
    MOST_NAMED,
    Proof,
    ReportContent,
    ReportedExclusion,
    ReportedFinding,
    ReportedHost,
    ReportedRule,
    RuleFindings,
)
from openinspector.service.reports.path_pictures import picture_of

_Value = TypeVar("_Value")

_ORDER: Final = tuple(Severity)
_Words = tuple[str, str]
_Reason = tuple[str, tuple[Attribute, ...], PathPicture | None]


@dataclass(slots=True)
class _Group:
    title: str
    findings: dict[_Words, dict[_Reason, list[ReportedHost]]] = field(default_factory=dict)


class ReportBuilder:
    """Adds findings, exclusions and rules to a report without any."""

    def __init__(self, frame: ReportContent, package_names: dict[str, str]) -> None:
        self._frame = _printable(frame)
        self._names = {arn: printable_line(name) for arn, name in package_names.items()}
        self._everywhere = frozenset(frame.run.user_attributes)
        self._groups: dict[tuple[Severity, str, str], _Group] = {}
        self._by_package: dict[str, Counter[Severity]] = defaultdict(Counter)
        self._by_instance: dict[str, Counter[Severity]] = defaultdict(Counter)
        self._excluded: dict[tuple[str, str, str], list[Exclusion]] = {}
        self._excluded_on: Counter[str] = Counter()
        self._rules: tuple[ReportedRule, ...] = ()
        self._benchmarks: tuple[BenchmarkTally, ...] = ()

    def add_finding(self, finding: Finding) -> None:
        """Add a finding to its rule."""
        agent, text = finding.asset.agent_id, finding_text(finding)
        package = self._name(finding.rules_package_arn)
        self._by_package[package][finding.severity] += 1
        self._by_instance[agent][finding.severity] += 1
        place = (finding.severity, package, printable_line(finding.rule_id))
        group = self._groups.get(place)
        if group is None:
            group = self._groups[place] = _Group(printable_line(_impersonal(text.title, agent)))
        words = (_impersonal(text.description, agent), _impersonal(text.recommendation, agent))
        attributes = tuple(one for one in text.attributes if one.key != INSTANCE_ID)
        reason = (_impersonal(text.evidence, agent), _shown(attributes), picture_of(finding))
        group.findings.setdefault(words, {}).setdefault(reason, []).append(
            ReportedHost(
                finding=finding.arn.rpartition("/")[2],
                agent_id=agent,
                hostname=printable_line(finding.asset.hostname),
                user_attributes=_shown(one for one in finding.user_attributes if one not in self._everywhere),
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
            rule_id: recommendation
            for (_, _, rule_id), group in self._groups.items()
            for _, recommendation in group.findings
        }
        self._benchmarks = _printable(benchmark_tallies(tallies, remedies))

    def add_rules(self, tallies: Sequence[RuleTally]) -> None:
        """Add the rules that were evaluated."""
        rules = [self._rule(tally) for tally in tallies if not is_control(tally)]
        self._rules = _printable(tuple(sorted(rules, key=lambda rule: (rule.package, rule.title))))

    def build(self) -> ReportContent:
        """Return the content of the report, most severe findings first."""
        groups = sorted(self._groups.items(), key=lambda item: (_ORDER.index(item[0][0]), -_size(item[1]), item[0][1:]))
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
            findings=tuple(_rule_findings(place, group) for place, group in groups),
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


def _size(group: _Group) -> int:
    return sum(len(found) for reasons in group.findings.values() for found in reasons.values())


def _rule_findings(place: tuple[Severity, str, str], group: _Group) -> RuleFindings:
    severity, package, rule_id = place
    return RuleFindings(
        rule_id=rule_id,
        title=group.title,
        package=package,
        severity=severity,
        count=_size(group),
        findings=tuple(
            ReportedFinding(description=description, recommendation=recommendation, proofs=_proofs(reasons))
            for (description, recommendation), reasons in sorted(group.findings.items())
        ),
    )


def _proofs(reasons: dict[_Reason, list[ReportedHost]]) -> tuple[Proof, ...]:
    return tuple(
        Proof(
            evidence=evidence,
            attributes=attributes,
            hosts=tuple(sorted(found, key=lambda one: (one.hostname, one.agent_id, one.finding))),
            picture=picture,
        )
        for (evidence, attributes, picture), found in sorted(reasons.items(), key=lambda item: item[0][0])
    )
