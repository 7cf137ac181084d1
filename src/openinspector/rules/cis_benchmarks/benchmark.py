"""The CIS benchmark of the host's operating system (F5.18 to F5.23): one finding a failed control and profile.

Every control is judged once; the profiles that ask for it share the verdict. A control that the facts cannot decide,
or that only a person can, is part of one exclusion, which lists them with their reasons: it is never a pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from openinspector.cis.benchmark import Benchmark, ControlResult, Profile
from openinspector.cis.benchmarks import READS, SENSORS, benchmark_for
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Violated
from openinspector.engine.bounds import MAX_RULE_ID, MAX_TEXT, fit
from openinspector.engine.completeness import unable, unseen
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
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import FailedControl, Severity
from openinspector.model.inventory import OperatingSystem

_MAX_LISTED: Final = 60
"""Controls that an exclusion lists one by one; the others are counted."""


def evaluate(facts: HostFacts, context: RuleContext) -> Outcome:
    """Judge the host by the benchmark that covers its operating system."""
    system = facts.only(OperatingSystem)
    if system is None:
        return unseen(facts, ("os_release",)) or unable("The host did not say which operating system it runs.")
    benchmark = benchmark_for(system)
    if benchmark is None:
        return _not_covered(facts.distribution)
    judged = benchmark.judge(facts, context.tailoring)
    results = tuple(r for r in judged if benchmark.issue(r.control) not in context.tailoring.switched_off)
    off = len(judged) - len(results)
    parts = tuple(_part(benchmark, result) for result in results)
    unfinished = _unfinished(benchmark, results)
    failed = tuple(_detections(benchmark, results))
    if failed:
        return Detected(detections=failed, unfinished=unfinished, parts=parts)
    if not any(result.is_passed for result in results):
        if unfinished:
            return replace(unfinished, parts=parts)
        return NotApplicable(reason=f"No control of {benchmark.product} applies to this host.")
    return Passed(evidence=_summary(benchmark, results, off), unfinished=unfinished, parts=parts)


def _not_covered(distribution: str) -> Unable:
    return Unable(
        kind=ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS,
        reason=f"No benchmark for {distribution} is built in.",
        recommendation="Leave this rules package out of templates for such hosts; "
        "docs/reference/benchmarks/index.md lists the systems that have one.",
    )


def _detections(benchmark: Benchmark, results: Sequence[ControlResult]) -> Iterator[Detection]:
    for result in results:
        if isinstance(result.verdict, Violated):
            for profile in benchmark.profiles_of(result.control):
                yield _detection(benchmark, profile, result, result.verdict)


def _detection(benchmark: Benchmark, profile: Profile, result: ControlResult, verdict: Violated) -> Detection:
    control = result.control
    return Detection(
        subject=f"{benchmark.id}/{control.number}/{profile.label}",
        body=FailedControl(
            rule_id=fit(f"{control.number} {control.title}", MAX_RULE_ID),
            severity=control.severity,
            product=benchmark.product,
            version=benchmark.version,
            newer=benchmark.newer,
            number=control.number,
            title=control.title,
            benchmark=benchmark.title(profile),
            profile=profile.label,
            remedy=fit(verdict.remedy, MAX_TEXT),
            evidence=verdict.evidence,
        ),
        issue=benchmark.issue(control),
        grounds=verdict.grounds,
    )


def _unfinished(benchmark: Benchmark, results: Sequence[ControlResult]) -> Unable | None:
    """Return the exclusion for controls that could not be judged; None if all were."""
    open_controls = [
        f"{result.control.number} {result.control.title}: {result.verdict.reason}"
        for result in results
        if isinstance(result.verdict, Unknown)
    ]
    if not open_controls:
        return None
    listed = "; ".join(open_controls[:_MAX_LISTED])
    more = f"; and {len(open_controls) - _MAX_LISTED} more" if len(open_controls) > _MAX_LISTED else ""
    return Unable(
        kind=ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
        reason=f"{len(open_controls)} of {len(results)} controls of {benchmark.product} were not judged: "
        f"{listed}{more}",
        recommendation=f"Judge controls that need a person by hand; docs/reference/benchmarks/{benchmark.id}.md lists "
        "them. For the others, run the agent as root and let it "
        "read the files named, then start the assessment run again.",
    )


def _part(benchmark: Benchmark, result: ControlResult) -> RulePart:
    match result.verdict:
        case Satisfied():
            outcome = OutcomeKind.PASSED
        case Violated():
            outcome = OutcomeKind.DETECTED
        case Inapplicable():
            outcome = OutcomeKind.NOT_APPLICABLE
        case Unknown():
            outcome = OutcomeKind.UNABLE
        case _:
            assert_never(result.verdict)
    control = result.control
    return RulePart(name=benchmark.issue(control), title=f"{control.number} {control.title}", outcome=outcome)


def _summary(benchmark: Benchmark, results: Sequence[ControlResult], off: int) -> Evidence:
    counts = {
        kind: sum(isinstance(result.verdict, kind) for result in results) for kind in (Satisfied, Inapplicable, Unknown)
    }
    return Evidence(
        statement=f"{benchmark.product} v{benchmark.version}: {counts[Satisfied]} controls passed, none failed, "
        f"{counts[Inapplicable]} do not apply, {counts[Unknown]} were not judged, {off} are switched off."
    )


RULE: Final = Rule(
    name="benchmark",
    title="CIS benchmark of the operating system",
    severity=Severity.MEDIUM,
    description="The host is not configured as the CIS benchmark for its operating system recommends.",
    recommendation="Change the setting as the finding says, or tailor the template if your site decides otherwise.",
    reads=READS,
    sensors=SENSORS,
    attributes=("BENCHMARK_ID", "BENCHMARK_RULE_ID", "CIS_BENCHMARK_PROFILE"),
    evaluate=evaluate,
)
