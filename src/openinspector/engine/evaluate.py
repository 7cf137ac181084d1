"""(rules, subject, context) → findings and exclusions of one host or instance: pure and deterministic.

- Each detection of a ``Detected`` becomes a finding, whose ARN is derived from (run, rule, agent, subject).
- ``Unable``, a rule that raised and what a rule could not check become exclusions: one for each rules package and
  kind, which lists the rules concerned.
- A rule sees only the records, sensor states and network that it declares.
- A rule whose needs the subject does not meet is not evaluated. Why the data is missing is an exclusion of the run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Final, assert_never

from openinspector.engine.bounds import MAX_TEXT, fit, fit_body
from openinspector.engine.completeness import unable
from openinspector.engine.evidence import render_evidence
from openinspector.engine.grounds import grounds_of, issue_name
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.rule import (
    Detected,
    Detection,
    NotApplicable,
    Outcome,
    Passed,
    Rule,
    RuleContext,
    RulePart,
    Unable,
)
from openinspector.engine.subject import EvaluationSubject
from openinspector.engine.waiver import Applies, Ended, Issue, attributes, decisive
from openinspector.model.arn import FindingArn, RulesPackageArn, RunArn
from openinspector.model.asset import AssetAttributes
from openinspector.model.exclusion import Exclusion, ExclusionKind, ExclusionPreview, exclusion_of, scopes_of
from openinspector.model.facts import HostFacts
from openinspector.model.finding import SHORT_ID, Attribute, Finding, FindingArns, NoIssues, Severity
from openinspector.model.foreign_text import printable
from openinspector.model.ground import bounded
from openinspector.model.inventory import OperatingSystem
from openinspector.model.waiver import Waiver, WaiverEnd
from openinspector.model.windows import WINDOWS

INSTANCE_ID: Final = "INSTANCE_ID"
NO_ISSUES_TITLE: Final = "No potential security issues found"
"""The vendor's exact title: its clients filter these findings out by it (F5.6, F5.7)."""

_HEADINGS: Final = {
    ExclusionKind.REGISTRY_PACKAGES: "On instance {agent} packages from language registries were not assessed:",
    ExclusionKind.CONTAINER_PACKAGES: "On instance {agent} packages in containers were not assessed:",
    ExclusionKind.PROGRAMS: "On instance {agent} programs were not assessed:",
    ExclusionKind.UNKNOWN_BUILDS: "On instance {agent} some vulnerabilities of Windows could not be assessed:",
}
_HEADING: Final = "On instance {agent} these rules could not be completed:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvaluation:
    """The inputs of an evaluation that all hosts of a run share."""

    run_arn: RunArn
    rules: Mapping[RulesPackageArn, Sequence[Rule]]
    context: RuleContext
    now: datetime
    """Creation time of the findings (F6.8)."""
    user_attributes: tuple[Attribute, ...] = ()
    """The template's attributes, added to every finding (F6.7)."""
    id_width: int = SHORT_ID
    """Characters of a finding id; see `openinspector.model.finding.id_width`."""
    waivers: tuple[Waiver, ...] = ()
    """The template's waivers. A waived finding stays a finding, with attributes that show the waiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """Outcome of one rule on one host, for the full report."""

    rule: str
    title: str
    rules_package_arn: RulesPackageArn
    agent_id: str
    outcome: OutcomeKind
    findings: int = 0
    because: str = ""
    """Evidence of a pass, or the reason of another outcome; empty if the findings carry the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEvaluation:
    """Result of evaluating one host, in the order of the rules."""

    agent_id: str
    findings: tuple[Finding, ...]
    exclusions: tuple[Exclusion, ...]
    rule_results: tuple[RuleResult, ...]
    parts: tuple[RuleResult, ...] = ()
    """Outcomes of the parts of rules, such as the controls of a benchmark; ``rule`` is the part's name."""
    waiver_ends: tuple[tuple[Waiver, WaiverEnd], ...] = ()
    """Waivers that ended on this host in this evaluation, because a ground changed."""

    @property
    def assessed(self) -> bool:
        """True if at least one rule could be completed on the host."""
        return any(result.outcome is not OutcomeKind.UNABLE for result in self.rule_results)

    @property
    def errors(self) -> int:
        """Number of exclusions that make the run end COMPLETED_WITH_ERRORS."""
        return sum(exclusion.preview.kind.is_error for exclusion in self.exclusions)


def evaluate(run: RunEvaluation, subject: EvaluationSubject, asset: AssetAttributes) -> HostEvaluation:
    """Evaluate every rule of ``run`` on one subject. A rule that raises becomes an exclusion."""
    host = _Host(run, subject, asset)
    for package, rules in run.rules.items():
        for rule in rules:
            host.evaluate(package, rule)
    return HostEvaluation(
        agent_id=subject.id,
        findings=tuple(host.findings.values()),
        exclusions=host.exclusions(),
        rule_results=tuple(host.results),
        parts=tuple(host.parts),
        waiver_ends=tuple(host.waiver_ends.values()),
    )


def issue_of(run: RunEvaluation, subject: EvaluationSubject, finding: FindingArn) -> Issue | None:
    """Return the issue of a finding by evaluating its host again; None if the facts do not give this finding."""
    host = _Host(run, subject, AssetAttributes(agent_id=subject.id))
    return next(
        (
            host.issue(rule, detection)
            for rules in run.rules.values()
            for rule in rules
            for arn, detection in host.detections(rule)
            if arn == finding
        ),
        None,
    )


def restricted(facts: HostFacts, rule: Rule) -> HostFacts:
    """Return the part of ``facts`` that ``rule`` declares to read."""
    return HostFacts(
        agent_id=facts.agent_id,
        records={kind: facts.records[kind] for kind in rule.reads if kind in facts.records},
        sensors={
            name: facts.sensors[name] for name in (*rule.sensors, *rule.optional_sensors) if name in facts.sensors
        },
        undecoded=facts.undecoded,
    )


def no_issues_finding(run: RunEvaluation, package: RulesPackageArn, hosts_assessed: int) -> Finding | None:
    """Return the finding that reports that a package has no findings (F5.6); None if no host was assessed.

    Call it once all hosts are evaluated and none has a finding of ``package``.
    """
    if hosts_assessed < 1:
        return None
    return Finding(
        arn=FindingArns(run.run_arn, NO_ISSUES_TITLE, package, run.id_width).of(""),
        run_arn=run.run_arn,
        rules_package_arn=package,
        body=NoIssues(rule_id=NO_ISSUES_TITLE, severity=Severity.INFORMATIONAL, hosts=hosts_assessed),
        asset=AssetAttributes(agent_id=""),
        attributes=(),
        user_attributes=run.user_attributes,
        created_at=run.now,
        updated_at=run.now,
    )


def _not_for_this_system(rule: Rule, facts: HostFacts) -> NotApplicable | None:
    """Return why a rule for Linux does not apply to the host; None if it may apply."""
    system = facts.only(OperatingSystem)
    if rule.linux_only and system is not None and system.id == WINDOWS:
        return NotApplicable(reason="The host runs Windows, and the rule is for Linux.")
    return None


class _Host:
    """One host or instance under evaluation."""

    def __init__(self, run: RunEvaluation, subject: EvaluationSubject, asset: AssetAttributes) -> None:
        self.run = run
        self.subject = subject
        self.facts = subject.facts
        self.asset = asset
        self.attributes = (Attribute(key=INSTANCE_ID, value=self.facts.agent_id),)
        self.findings: dict[FindingArn, Finding] = {}
        self.results: list[RuleResult] = []
        self.gaps: dict[tuple[RulesPackageArn, ExclusionKind], list[tuple[Rule, Unable]]] = {}
        self.parts: list[RuleResult] = []
        self.waived: set[str] = set()
        self.waiver_ends: dict[str, tuple[Waiver, WaiverEnd]] = {}

    def evaluate(self, package: RulesPackageArn, rule: Rule) -> None:
        """Evaluate one rule and add its findings, gaps and result."""
        lacking = rule.needs - self.subject.known
        if lacking:
            because = f"The run has no {' and no '.join(sorted(lacking))} of {self.subject.id}."
            self.results.append(self._result(package, rule, OutcomeKind.UNABLE, because))
            return
        try:
            outcome = _not_for_this_system(rule, self.facts) or rule.evaluate(
                restricted(self.facts, rule), self._context(rule)
            )
            found = self._findings(package, rule, outcome)
            kind, because = _summary(outcome)
        except Exception as error:  # noqa: BLE001 - a fault in one rule must not end the run (ADR 0011)
            outcome, found = _crashed(error), []
            kind, because = OutcomeKind.UNABLE, f"{type(error).__name__}: {error}"
        self.findings.update((finding.arn, finding) for finding in found)
        self.results.append(self._result(package, rule, kind, because, len(found)))
        self.parts += (self._part(package, part) for part in _parts(outcome))
        for gap in _gaps(outcome):
            self.gaps.setdefault((package, gap.kind), []).append((rule, gap))

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Return an exclusion for each package and kind."""
        return tuple(self._exclusion(package, kind, gaps) for (package, kind), gaps in self.gaps.items())

    def _context(self, rule: Rule) -> RuleContext:
        """Return the context of a rule: the network only if the rule reads a snapshot."""
        return replace(self.run.context, network=self.subject.network) if rule.operations else self.run.context

    def _result(
        self, package: RulesPackageArn, rule: Rule, kind: OutcomeKind, because: str, findings: int = 0
    ) -> RuleResult:
        return RuleResult(
            rule=rule.name,
            title=rule.title,
            rules_package_arn=package,
            agent_id=self.subject.id,
            outcome=kind,
            findings=findings,
            because=fit(because, MAX_TEXT),
        )

    def _part(self, package: RulesPackageArn, part: RulePart) -> RuleResult:
        waived = part.outcome is OutcomeKind.DETECTED and part.name in self.waived
        return RuleResult(
            rule=part.name,
            title=part.title,
            rules_package_arn=package,
            agent_id=self.subject.id,
            outcome=OutcomeKind.WAIVED if waived else part.outcome,
        )

    def _findings(self, package: RulesPackageArn, rule: Rule, outcome: Outcome) -> list[Finding]:
        if not isinstance(outcome, Detected):
            return []
        if not outcome.detections:
            raise ValueError("the rule returned Detected without a detection")
        return [
            self._finding(arn, package, detection, self._waiver_attributes(rule, detection))
            for arn, detection in self.named(rule, outcome)
        ]

    def detections(self, rule: Rule) -> Iterator[tuple[FindingArn, Detection]]:
        """Yield what a rule detects; nothing if it cannot be evaluated or fails."""
        if rule.needs - self.subject.known:
            return
        try:
            outcome = rule.evaluate(restricted(self.facts, rule), self._context(rule))
        except Exception:  # noqa: BLE001 - a rule that fails has no findings (ADR 0011)
            return
        if isinstance(outcome, Detected):
            yield from self.named(rule, outcome)

    def named(self, rule: Rule, outcome: Detected) -> Iterator[tuple[FindingArn, Detection]]:
        """Yield each detection with the ARN of its finding."""
        arns = FindingArns(self.run.run_arn, rule.name, self.facts.agent_id, self.run.id_width)
        taken = set(self.findings)
        for detection in outcome.detections:
            arn = _first_free(arns, printable(detection.subject), taken)
            taken.add(arn)
            yield arn, detection

    def issue(self, rule: Rule, detection: Detection) -> Issue:
        """Return a detection as waivers see it."""
        return Issue(
            name=detection.issue or issue_name(detection.body) or rule.name,
            subject=detection.subject,
            agent_id=self.facts.agent_id,
            grounds=bounded(detection.grounds or grounds_of(detection.body)),
        )

    def _waiver_attributes(self, rule: Rule, detection: Detection) -> Sequence[Attribute]:
        """Return what the template's waivers say about a detection; note a waiver that ends with it."""
        if not self.run.waivers:
            return ()
        issue = self.issue(rule, detection)
        found = decisive(self.run.waivers, issue, self.run.now.date())
        if isinstance(found, Applies):
            self.waived.add(issue.name)
        if isinstance(found, Ended) and found.end not in found.waiver.ends:
            self.waiver_ends.setdefault(found.waiver.id, (found.waiver, found.end))
        return attributes(found)

    def _finding(
        self, arn: FindingArn, package: RulesPackageArn, detection: Detection, waiver: Sequence[Attribute]
    ) -> Finding:
        return Finding(
            arn=arn,
            run_arn=self.run.run_arn,
            rules_package_arn=package,
            body=fit_body(detection.body),
            asset=self.asset,
            attributes=(*self.attributes, *waiver),
            user_attributes=self.run.user_attributes,
            created_at=self.run.now,
            updated_at=self.run.now,
        )

    def _exclusion(
        self, package: RulesPackageArn, kind: ExclusionKind, gaps: Sequence[tuple[Rule, Unable]]
    ) -> Exclusion:
        agent = self.facts.agent_id
        heading = _HEADINGS.get(kind, _HEADING).format(agent=agent)
        reasons = "\n".join(f"- {rule.title}: {gap.reason}" for rule, gap in gaps)
        remedies = "\n".join(dict.fromkeys(gap.recommendation for _, gap in gaps))
        preview = ExclusionPreview(
            kind=kind,
            description=fit(f"{heading}\n{reasons}", MAX_TEXT),
            recommendation=fit(remedies, MAX_TEXT),
            scopes=scopes_of(agent, package),
        )
        return exclusion_of(self.run.run_arn, preview)


def _first_free(arns: FindingArns, subject: str, taken: set[FindingArn]) -> FindingArn:
    """Return the ARN about a subject. If another finding of the host has it, number the subject until it is free."""
    arn = arns.of(subject)
    numbers = count(1)
    while arn in taken:
        arn = arns.of(f"{subject}\0{next(numbers)}")
    return arn


def _crashed(error: Exception) -> Unable:
    return unable(
        f"The rule failed with {type(error).__name__}.",
        "This is a bug in openinspector. Report it with the host's facts "
        "(`openinspector agent collect --dry-run --json`): `openinspector evaluate` can replay them.",
    )


def _parts(outcome: Outcome) -> tuple[RulePart, ...]:
    match outcome:
        case Detected(parts=parts) | Passed(parts=parts) | Unable(parts=parts):
            return parts
        case NotApplicable():
            return ()
        case _:
            assert_never(outcome)


def _gaps(outcome: Outcome) -> Sequence[Unable]:
    """Return everything the rule could not check."""
    match outcome:
        case Detected(unfinished=gap) | Passed(unfinished=gap):
            pass
        case Unable():
            gap = outcome
        case NotApplicable():
            gap = None
        case _:
            assert_never(outcome)
    return () if gap is None else (gap, *gap.also)


def _summary(outcome: Outcome) -> tuple[OutcomeKind, str]:
    """Return the type of an outcome, and its evidence or reason."""
    match outcome:
        case Detected(unfinished=gap):
            return OutcomeKind.DETECTED, gap.reason if gap else ""
        case Passed(evidence=evidence):
            return OutcomeKind.PASSED, render_evidence(evidence)
        case NotApplicable(reason=reason):
            return OutcomeKind.NOT_APPLICABLE, reason
        case Unable(reason=reason):
            return OutcomeKind.UNABLE, reason
        case _:
            assert_never(outcome)
