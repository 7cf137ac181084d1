import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from openinspector.engine.bounds import OMITTED_KEY
from openinspector.engine.completeness import unable
from openinspector.engine.evaluate import (
    NO_ISSUES_TITLE,
    HostEvaluation,
    RunEvaluation,
    evaluate,
    no_issues_finding,
    restricted,
)
from openinspector.engine.finding_text import finding_text
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
from openinspector.engine.subject import subject_of
from openinspector.model.arn import RulesPackageArn, RunArn, parse_exclusion_arn, parse_finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind, Scope, ScopeKey
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Attribute, FindingArns, Severity, StatedIssue
from openinspector.model.ground import setting
from openinspector.model.inventory import KernelParameters, OperatingSystem, User
from openinspector.model.waiver import Waiver, WaiverScope
from openinspector.testing.fact_builders import AGENT_ID, host, user

RUN = RunArn("arn:aws:inspector:us-east-1:123456789012:target/0-AAAAAAAA/template/0-BBBBBBBB/run/0-CCCCCCCC")
PACKAGE = RulesPackageArn("arn:aws:inspector:us-east-1:316112463485:rulespackage/0-R01qwB5Q")
OTHER = RulesPackageArn("arn:aws:inspector:us-east-1:316112463485:rulespackage/0-gEjTy7T7")
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
ASSET = AssetAttributes(agent_id=AGENT_ID, hostname="web-1")
WHY = Evidence(statement="because", source="/etc/x:1")

BODY = StatedIssue(
    rule_id="CVE-2026-1",
    severity=Severity.HIGH,
    title="title",
    description="description",
    recommendation="recommendation",
    evidence=WHY,
)
UNTITLED = msgspec.structs.replace(BODY, title=1)

Judge = Callable[[HostFacts], Outcome]


def detection(subject: str = "") -> Detection:
    return Detection(subject=subject, body=BODY)


def rule(judge: Judge, name: str = "a_rule") -> Rule:
    return Rule(
        name=name,
        title=f"Title of {name}",
        severity=Severity.LOW,
        description="d",
        recommendation="r",
        reads=(User,),
        sensors=("accounts",),
        evaluate=lambda facts, _context: judge(facts),
    )


def run(*rules: Rule, **changes: object) -> RunEvaluation:
    made = RunEvaluation(
        run_arn=RUN,
        rules={PACKAGE: rules},
        context=RuleContext(),
        now=NOW,
        user_attributes=(Attribute(key="Team", value="Web"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own keywords


def found(*detections: Detection) -> Judge:
    return lambda _facts: Detected(detections=detections)


def test_a_detection_becomes_a_finding() -> None:
    result = evaluate(run(rule(found(detection("bash")))), subject_of(host()), ASSET)
    (finding,) = result.findings
    assert parse_finding_arn(finding.arn) == FindingArns(RUN, "a_rule", AGENT_ID, 8).of("bash")
    assert finding.run_arn == RUN
    assert finding.rules_package_arn == PACKAGE
    assert finding.rule_id == "CVE-2026-1"
    assert finding.severity is Severity.HIGH
    assert finding.asset == ASSET
    assert finding.attributes == (Attribute(key="INSTANCE_ID", value=AGENT_ID),)
    assert finding.user_attributes == (Attribute(key="Team", value="Web"),)
    assert finding.body == BODY
    assert finding_text(finding).evidence == "because [/etc/x:1]"
    assert finding.created_at == finding.updated_at == NOW
    assert result.exclusions == ()
    assert result.assessed
    (noted,) = result.rule_results
    assert (noted.rule, noted.outcome, noted.findings) == ("a_rule", OutcomeKind.DETECTED, 1)


@pytest.mark.parametrize(("system", "findings"), [("windows", 0), ("debian", 1)])
def test_a_rule_for_linux_does_not_apply_to_windows(system: str, findings: int) -> None:
    """F5.62."""
    linux = replace(rule(found(detection())), linux_only=True)
    facts = host(OperatingSystem(id=system, version_id="1"))
    result = evaluate(run(linux), subject_of(facts), ASSET)
    assert len(result.findings) == findings
    assert result.exclusions == ()


def test_large_runs_have_longer_ids() -> None:
    result = evaluate(run(rule(found(detection()))), subject_of(host()), ASSET)
    wide = evaluate(run(rule(found(detection())), id_width=14), subject_of(host()), ASSET)
    assert len(wide.findings[0].arn) == len(result.findings[0].arn) + 6


def test_findings_of_one_subject_are_numbered_not_lost() -> None:
    result = evaluate(run(rule(found(detection("x"), detection("x"))), id_width=14), subject_of(host()), ASSET)
    first, second = result.findings
    assert first.arn != second.arn
    assert evaluate(run(rule(found(detection("x"), detection("x"))), id_width=14), subject_of(host()), ASSET) == result


def test_colliding_ids_are_made_unique() -> None:
    # at one character there are 62 ids: 40 findings of one rule cannot all have their own by luck
    many = tuple(detection(str(number)) for number in range(40))
    result = evaluate(run(rule(found(*many)), id_width=1), subject_of(host()), ASSET)
    assert len({finding.arn for finding in result.findings}) == 40


def test_an_unable_rule_becomes_an_exclusion() -> None:
    result = evaluate(run(rule(lambda _: unable("No file.", "Make one."))), subject_of(host()), ASSET)
    (exclusion,) = result.exclusions
    parse_exclusion_arn(exclusion.arn)
    assert exclusion.run_arn == RUN
    assert exclusion.preview.kind is ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE
    assert "Title of a_rule: No file." in exclusion.preview.description
    assert exclusion.preview.recommendation == "Make one."
    assert exclusion.preview.scopes == (
        Scope(key=ScopeKey.INSTANCE_ID, value=AGENT_ID),
        Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=PACKAGE),
    )
    assert result.errors == 1
    assert not result.assessed


def test_rules_of_one_package_share_an_exclusion_of_a_kind() -> None:
    rules = [rule(lambda _: unable("No file.", "Run as root."), name) for name in ("b", "a")]
    unsupported = replace(unable("Old."), kind=ExclusionKind.UNSUPPORTED_OS)
    result = evaluate(
        run(rules={PACKAGE: [*rules, rule(lambda _: unsupported, "c")], OTHER: [rules[0]]}), subject_of(host()), ASSET
    )
    assert len({exclusion.arn for exclusion in result.exclusions}) == 3
    first = result.exclusions[0].preview
    assert first.description.index("Title of b") < first.description.index("Title of a")
    assert first.recommendation == "Run as root."
    assert result.errors == 2


def test_gap_of_a_rule_is_an_exclusion_in_addition_to_its_findings() -> None:
    partial = Detected(detections=(detection(),), unfinished=unable("/boot: denied"))
    result = evaluate(run(rule(lambda _: partial)), subject_of(host()), ASSET)
    assert len(result.findings) == 1
    assert "/boot: denied" in result.exclusions[0].preview.description
    assert result.rule_results[0].because == "/boot: denied"


def test_each_reason_has_its_own_exclusion_kind() -> None:
    registry = Unable(kind=ExclusionKind.REGISTRY_PACKAGES, reason="2 npm packages.", recommendation="Audit them.")
    outcome = Passed(evidence=WHY, unfinished=replace(unable("No database."), also=(registry,)))
    first, second = evaluate(run(rule(lambda _: outcome)), subject_of(host()), ASSET).exclusions
    assert first.preview.kind is ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE
    assert "2 npm packages" not in first.preview.description
    assert second.preview.title == "Packages from language registries not assessed"
    assert second.preview.description.startswith(f"On instance {AGENT_ID} packages from language registries were not")
    assert "could not be completed" not in second.preview.description


@pytest.mark.parametrize("id_width", [8, 14])
def test_exclusion_ids_have_one_width(id_width: int) -> None:
    (exclusion,) = evaluate(
        run(rule(lambda _: unable("No file.")), id_width=id_width), subject_of(host()), ASSET
    ).exclusions
    assert re.fullmatch(r".*/exclusion/0-[0-9A-Za-z]{8}", exclusion.arn)


def test_the_gap_of_a_rule_that_passed_is_an_exclusion() -> None:
    passed = Passed(evidence=WHY, unfinished=unable("2 of PyPI"))
    result = evaluate(run(rule(lambda _: passed)), subject_of(host()), ASSET)
    assert result.rule_results[0].outcome is OutcomeKind.PASSED
    assert "2 of PyPI" in result.exclusions[0].preview.description


@pytest.mark.parametrize(
    ("judge", "name"),
    [
        (lambda facts: facts.missing, "AttributeError"),
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (found(), "ValueError"),
        (
            found(detection("a"), Detection(subject="b", body=UNTITLED)),
            "ValidationError",
        ),
        (lambda _: None, "AssertionError"),
    ],
)
def test_raising_rule_does_not_affect_other_rules(judge: Judge, name: str) -> None:
    result = evaluate(run(rule(judge, "bad"), rule(found(detection()), "good")), subject_of(host()), ASSET)
    assert [finding.rule_id for finding in result.findings] == ["CVE-2026-1"]
    (exclusion,) = result.exclusions
    assert exclusion.preview.kind is ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE
    assert f"Title of bad: The rule failed with {name}." in exclusion.preview.description
    bad, good = result.rule_results
    assert (bad.outcome, bad.because.split(":")[0], good.outcome) == (
        OutcomeKind.UNABLE,
        name,
        OutcomeKind.DETECTED,
    )


def test_every_outcome_is_recorded() -> None:
    rules = [
        rule(lambda _: Passed(evidence=WHY), "p"),
        rule(lambda _: NotApplicable(reason="No sshd."), "n"),
        rule(lambda _: unable("Cannot."), "u"),
    ]
    noted = evaluate(run(*rules), subject_of(host()), ASSET).rule_results
    assert [(result.outcome, result.because) for result in noted] == [
        (OutcomeKind.PASSED, "because [/etc/x:1]"),
        (OutcomeKind.NOT_APPLICABLE, "No sshd."),
        (OutcomeKind.UNABLE, "Cannot."),
    ]


def test_a_rule_sees_only_what_it_declares() -> None:
    seen: list[HostFacts] = []

    def look(facts: HostFacts) -> Outcome:
        seen.append(facts)
        return Passed(evidence=WHY)

    facts = host(user("alice", 1000), KernelParameters(values={"kernel.randomize_va_space": "0"}))
    evaluate(run(rule(look)), subject_of(facts), ASSET)
    assert seen == [restricted(facts, rule(look))]
    assert list(seen[0].records) == [User]
    assert list(seen[0].sensors) == ["accounts"]


def test_texts_stay_within_the_bounds_of_the_api() -> None:
    attributes = tuple(Attribute(key=f"K{number}" + "k" * 200, value="v" * 300) for number in range(70))
    long = msgspec.structs.replace(
        BODY,
        rule_id="r" * 999,
        title="t" * 99999,
        description="\x1b[31md\n",
        recommendation="é" * 30000,
        attributes=attributes,
        evidence=Evidence(statement="\u202etxt.exe"),
    )
    (finding,) = evaluate(
        run(rule(found(Detection(subject="s" * 99999, body=long)))), subject_of(host()), ASSET
    ).findings
    text = finding_text(finding)
    assert (len(finding.rule_id), len(text.title), len(text.recommendation)) == (128, 20000, 20000)
    assert text.title.endswith("t…")
    assert text.description == "\ufffd[31md\n"
    assert text.evidence == "\ufffdtxt.exe"
    assert len(text.attributes) == 50
    assert all(len(a.key) <= 128 and len(a.value or "") <= 256 for a in text.attributes)
    assert text.attributes[-1].key == OMITTED_KEY


def test_a_package_without_findings_has_a_finding_that_reports_it() -> None:
    finding = no_issues_finding(run(), PACKAGE, 3)
    assert finding is not None
    parse_finding_arn(finding.arn)
    text = finding_text(finding)
    assert text.title == NO_ISSUES_TITLE == "No potential security issues found"
    assert finding.severity is Severity.INFORMATIONAL
    assert text.recommendation == "No remediation needed."
    assert text.attributes == ()
    assert finding.asset.agent_id == ""
    assert "3 hosts" in text.description
    other = no_issues_finding(run(), OTHER, 1)
    assert other is not None
    assert other.arn != finding.arn
    assert "1 host " in finding_text(other).description


def test_package_without_hosts_has_no_such_finding() -> None:
    assert no_issues_finding(run(), PACKAGE, 0) is None


def test_arns_have_the_vendors_form() -> None:
    (finding,) = evaluate(run(rule(found(detection()))), subject_of(host()), ASSET).findings
    assert re.fullmatch(r".*/run/0-CCCCCCCC/finding/0-[0-9A-Za-z]{8}", finding.arn)


def _waiver(**changes: object) -> Waiver:
    made = Waiver(
        id="w-1",
        scope=WaiverScope(issues=("CVE-2026-1",)),
        reason="No fix yet.",
        owner="ops",
        created_on=NOW.date(),
        expires=NOW.date(),
        holds=(setting("state", "on"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own keywords


def _waived_run(value: str, *waivers: Waiver) -> HostEvaluation:
    seen = replace(detection("bash"), issue="CVE-2026-1", grounds=(setting("state", value),))
    return evaluate(run(rule(found(seen)), waivers=waivers), subject_of(host()), ASSET)


def test_a_waived_finding_is_still_a_finding_and_shows_its_waiver() -> None:
    result = _waived_run("on", _waiver())
    (finding,) = result.findings
    assert Attribute(key="WAIVED_BY", value="ops") in finding.attributes
    assert finding.arn == _waived_run("on").findings[0].arn
    assert result.waiver_ends == ()


def test_waiver_with_a_changed_ground_ends_and_is_reported() -> None:
    result = _waived_run("off", _waiver())
    ((ended, end),) = result.waiver_ends
    assert (ended.id, end.agent_id, end.change.now) == ("w-1", AGENT_ID, ("off",))
    assert {attribute.key for attribute in result.findings[0].attributes} >= {"WAIVER_ENDED", "WAIVER"}
    again = _waived_run("on", replace(ended, ends=(end,)))
    assert again.waiver_ends == ()
    assert "WAIVED_BY" not in {attribute.key for attribute in again.findings[0].attributes}


def test_the_name_of_the_rule_is_the_issue_unless_the_detection_names_one() -> None:
    by_rule = replace(_waiver(), scope=WaiverScope(issues=("a_rule",)), holds=())
    (finding,) = evaluate(run(rule(found(detection())), waivers=(by_rule,)), subject_of(host()), ASSET).findings
    assert Attribute(key="WAIVED_BY", value="ops") in finding.attributes


def test_a_part_whose_issue_is_waived_counts_as_waived() -> None:
    parts = tuple(RulePart(name=name, title=name, outcome=OutcomeKind.DETECTED) for name in ("CVE-2026-1", "other"))
    seen = replace(detection("bash"), issue="CVE-2026-1", grounds=(setting("state", "on"),))
    judge: Judge = lambda _facts: Detected(detections=(seen,), parts=parts)  # noqa: E731
    result = evaluate(run(rule(judge), waivers=(_waiver(),)), subject_of(host()), ASSET)
    assert [(part.rule, part.outcome) for part in result.parts] == [
        ("CVE-2026-1", OutcomeKind.WAIVED),
        ("other", OutcomeKind.DETECTED),
    ]
