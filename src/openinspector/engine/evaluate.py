"""(rules, facts, context) → findings and exclusions of one host: pure, and the same bytes every time.

- ``Detected`` gives one finding a detection, with an ARN derived from (run, rule, agent, subject).
- ``Unable``, a rule that raised, and what a rule found beside what it could not see, give exclusions: one a rules
  package and kind, which names every rule concerned.
- A rule is given the records and sensor states it declares and no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Final, assert_never

from openinspector.engine.bounds import MAX_EVIDENCE, MAX_RULE_ID, MAX_TEXT, fit, fit_attributes, printable
from openinspector.engine.completeness import unable
from openinspector.engine.evidence import render_evidence
from openinspector.engine.rule import (
    Detected,
    Detection,
    NotApplicable,
    Outcome,
    Passed,
    Rule,
    RuleContext,
    Unable,
)
from openinspector.model.arn import FindingArn, RulesPackageArn, RunArn, exclusion_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.exclusion import Exclusion, ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.facts import HostFacts
from openinspector.model.finding import SHORT_ID, Attribute, Finding, Severity, derived_finding_arn, derived_id
from openinspector.model.inventory import OperatingSystem
from openinspector.model.windows import WINDOWS

INSTANCE_ID: Final = "INSTANCE_ID"
NO_ISSUES_TITLE: Final = "No potential security issues found"
"""In these very words: the vendor's clients leave findings out by this title (F5.6, F5.7)."""


class OutcomeKind(StrEnum):
    """Which of the four a rule's outcome on a host was."""

    DETECTED = "DETECTED"
    PASSED = "PASSED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    UNABLE = "UNABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvaluation:
    """What is the same for every host of one run."""

    run_arn: RunArn
    rules: Mapping[RulesPackageArn, Sequence[Rule]]
    context: RuleContext
    now: datetime
    """When the findings are made (F6.8)."""
    user_attributes: tuple[Attribute, ...] = ()
    """The template's, put on every finding (F6.7)."""
    id_width: int = SHORT_ID
    """Of finding and exclusion ids; see `openinspector.model.finding.id_width`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """How one rule came out on one host; the full report lists these."""

    rule: str
    title: str
    rules_package_arn: RulesPackageArn
    agent_id: str
    outcome: OutcomeKind
    findings: int = 0
    because: str = ""
    """What it rests on: evidence of a pass, reason of the others; empty where findings say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEvaluation:
    """Everything one evaluation of one host gave, in the order of the rules."""

    agent_id: str
    findings: tuple[Finding, ...]
    exclusions: tuple[Exclusion, ...]
    rule_results: tuple[RuleResult, ...]

    @property
    def assessed(self) -> bool:
        """Whether at least one rule could say something of the host."""
        return any(result.outcome is not OutcomeKind.UNABLE for result in self.rule_results)

    @property
    def errors(self) -> int:
        """How many exclusions make the run end COMPLETED_WITH_ERRORS."""
        return sum(exclusion.preview.kind.is_error for exclusion in self.exclusions)


def evaluate(run: RunEvaluation, facts: HostFacts, asset: AssetAttributes) -> HostEvaluation:
    """Judge one host by every rule of ``run``; never raises for what a rule or a host does."""
    host = _Host(run, facts, asset)
    for package, rules in run.rules.items():
        for rule in rules:
            host.judge(package, rule)
    return HostEvaluation(
        agent_id=facts.agent_id,
        findings=tuple(host.findings.values()),
        exclusions=host.exclusions(),
        rule_results=tuple(host.results),
    )


def restricted(facts: HostFacts, rule: Rule) -> HostFacts:
    """Return of ``facts`` what ``rule`` declares to read."""
    return HostFacts(
        agent_id=facts.agent_id,
        records={kind: facts.records[kind] for kind in rule.reads if kind in facts.records},
        sensors={name: facts.sensors[name] for name in rule.sensors if name in facts.sensors},
        undecoded=facts.undecoded,
    )


def no_issues_finding(run: RunEvaluation, package: RulesPackageArn, hosts_assessed: int) -> Finding | None:
    """Return the finding that says a package found nothing on any host (F5.6).

    For the caller to use once all hosts are judged and none gave a finding of ``package``. None where no host could be
    assessed: then nothing was looked at, and the exclusions say so.
    """
    if hosts_assessed < 1:
        return None
    hosts = "1 host" if hosts_assessed == 1 else f"{hosts_assessed} hosts"
    return Finding(
        arn=derived_finding_arn(run.run_arn, NO_ISSUES_TITLE, package, "", run.id_width),
        run_arn=run.run_arn,
        rules_package_arn=package,
        rule_id=NO_ISSUES_TITLE,
        title=NO_ISSUES_TITLE,
        description=f"No potential security issues were found on the {hosts} that could be assessed in this run.",
        recommendation="No remediation needed.",
        severity=Severity.INFORMATIONAL,
        asset=AssetAttributes(agent_id=""),
        attributes=(),
        user_attributes=run.user_attributes,
        created_at=run.now,
        updated_at=run.now,
    )


def _elsewhere(rule: Rule, facts: HostFacts) -> NotApplicable | None:
    """Return why a rule for Linux says nothing of this host; None where it may."""
    system = facts.only(OperatingSystem)
    if rule.linux_only and system is not None and system.id == WINDOWS:
        return NotApplicable(reason="The host runs Windows; the rule is for Linux.")
    return None


class _Host:
    """One host under evaluation."""

    def __init__(self, run: RunEvaluation, facts: HostFacts, asset: AssetAttributes) -> None:
        self.run = run
        self.facts = facts
        self.asset = asset
        self.findings: dict[FindingArn, Finding] = {}
        self.results: list[RuleResult] = []
        self.gaps: dict[tuple[RulesPackageArn, ExclusionKind], list[tuple[Rule, Unable]]] = {}

    def judge(self, package: RulesPackageArn, rule: Rule) -> None:
        """Evaluate one rule and note what came of it."""
        try:
            outcome = _elsewhere(rule, self.facts) or rule.evaluate(restricted(self.facts, rule), self.run.context)
            found = self._findings(package, rule, outcome)
            kind, because = _noted(outcome)
        except Exception as error:  # noqa: BLE001 - one rule's fault must not cost the run (ADR 0011)
            outcome, found = _crashed(error), []
            kind, because = OutcomeKind.UNABLE, f"{type(error).__name__}: {error}"
        self.findings.update((finding.arn, finding) for finding in found)
        self.results.append(
            RuleResult(
                rule=rule.name,
                title=rule.title,
                rules_package_arn=package,
                agent_id=self.facts.agent_id,
                outcome=kind,
                findings=len(found),
                because=fit(because, MAX_TEXT),
            )
        )
        gap = outcome.unfinished if isinstance(outcome, Detected | Passed) else outcome
        if isinstance(gap, Unable):
            self.gaps.setdefault((package, gap.kind), []).append((rule, gap))

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Return one exclusion a package and kind."""
        return tuple(self._exclusion(package, kind, gaps) for (package, kind), gaps in self.gaps.items())

    def _findings(self, package: RulesPackageArn, rule: Rule, outcome: Outcome) -> list[Finding]:
        if not isinstance(outcome, Detected):
            return []
        if not outcome.detections:
            raise ValueError("the rule detected something and did not say what")
        taken = set(self.findings)
        found = []
        for detection in outcome.detections:
            arn = self._arn(rule, detection, taken)
            taken.add(arn)
            found.append(self._finding(arn, package, detection))
        return found

    def _arn(self, rule: Rule, detection: Detection, taken: set[FindingArn]) -> FindingArn:
        """Return the derived ARN; should two findings of a host meet in one, the second is numbered, never lost."""
        subject = printable(detection.subject)
        for number in count():
            numbered = f"{subject}\0{number}" if number else subject
            arn = derived_finding_arn(self.run.run_arn, rule.name, self.facts.agent_id, numbered, self.run.id_width)
            if arn not in taken:
                return arn
        raise AssertionError  # count() does not end

    def _finding(self, arn: FindingArn, package: RulesPackageArn, detection: Detection) -> Finding:
        return Finding(
            arn=arn,
            run_arn=self.run.run_arn,
            rules_package_arn=package,
            rule_id=fit(detection.rule_id, MAX_RULE_ID),
            title=fit(detection.title, MAX_TEXT),
            description=fit(detection.description, MAX_TEXT),
            recommendation=fit(detection.recommendation, MAX_TEXT),
            severity=detection.severity,
            asset=self.asset,
            attributes=fit_attributes((Attribute(key=INSTANCE_ID, value=self.facts.agent_id), *detection.attributes)),
            user_attributes=self.run.user_attributes,
            evidence=fit(render_evidence(detection.evidence), MAX_EVIDENCE),
            created_at=self.run.now,
            updated_at=self.run.now,
        )

    def _exclusion(
        self, package: RulesPackageArn, kind: ExclusionKind, gaps: Sequence[tuple[Rule, Unable]]
    ) -> Exclusion:
        agent = self.facts.agent_id
        resource_id = derived_id(self.run.run_arn, package, kind.name, agent, width=self.run.id_width)
        reasons = "\n".join(f"- {rule.title}: {gap.reason}" for rule, gap in gaps)
        remedies = "\n".join(dict.fromkeys(gap.recommendation for _, gap in gaps))
        return Exclusion(
            arn=exclusion_arn(self.run.run_arn, resource_id),
            run_arn=self.run.run_arn,
            preview=ExclusionPreview(
                kind=kind,
                description=fit(f"On instance {agent} these rules could not be completed:\n{reasons}", MAX_TEXT),
                recommendation=fit(remedies, MAX_TEXT),
                scopes=(
                    Scope(key=ScopeKey.INSTANCE_ID, value=agent),
                    Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=package),
                ),
            ),
        )


def _crashed(error: Exception) -> Unable:
    return unable(
        f"The rule failed with {type(error).__name__}.",
        "This is a fault of openinspector: report it with the host's facts "
        "(`openinspector agent collect --dry-run --json`), which `openinspector evaluate` can replay.",
    )


def _noted(outcome: Outcome) -> tuple[OutcomeKind, str]:
    """Return which of the four an outcome is, and what it rests on."""
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
