"""The verdicts on the rules of a profile."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from openinspector.model.facts import HostFacts
from openinspector.scap.content import ApplicablePlatform, Content, ContentProfile, ContentRule
from openinspector.scap.host_items import HostItems
from openinspector.scap.oval import OvalEvaluation
from openinspector.scap.truth import Truth, combined


class RuleStatus(StrEnum):
    """Result of a rule, in the words of XCCDF."""

    PASS = "pass"  # noqa: S105 - XCCDF's word
    FAIL = "fail"
    NOT_APPLICABLE = "notapplicable"
    UNKNOWN = "unknown"
    NOT_CHECKED = "notchecked"
    """The rule has no check that is evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRule:
    """One rule and its result."""

    rule: ContentRule
    status: RuleStatus
    because: str = ""
    """Why the result is not known."""


def judge(content: Content, profile: ContentProfile, facts: HostFacts) -> Sequence[JudgedRule]:
    """Return the result of each rule of a profile on a host, in the content's order."""
    items = HostItems(facts)
    platforms = _Platforms(content, OvalEvaluation(content.oval, items, {}))
    evaluations: dict[tuple[tuple[str, str], ...], OvalEvaluation] = {}
    results = []
    for name in profile.rules:
        rule = content.rules[name]
        exported = {variable: profile.values.get(value, "") for variable, value in rule.exports.items()}
        evaluation = evaluations.setdefault(
            tuple(sorted(exported.items())), OvalEvaluation(content.oval, items, exported)
        )
        results.append(_judged(rule, platforms, evaluation))
    return results


def counts(results: Sequence[JudgedRule]) -> Mapping[RuleStatus, int]:
    """Return the number of rules of each status."""
    found = Counter(result.status for result in results)
    return {status: found[status] for status in RuleStatus}


def _judged(rule: ContentRule, platforms: "_Platforms", evaluation: OvalEvaluation) -> JudgedRule:
    applies = combined("AND", [platforms.any_of(names) for names in rule.platforms]) if rule.platforms else Truth(True)
    if applies.value is False:
        return JudgedRule(rule=rule, status=RuleStatus.NOT_APPLICABLE)
    if not rule.definition:
        return JudgedRule(rule=rule, status=RuleStatus.NOT_CHECKED)
    answer = evaluation.definition(rule.definition).negated(rule.negate) if applies.value else applies
    match answer.value:
        case True:
            return JudgedRule(rule=rule, status=RuleStatus.PASS)
        case False:
            return JudgedRule(rule=rule, status=RuleStatus.FAIL)
        case None:
            return JudgedRule(rule=rule, status=RuleStatus.UNKNOWN, because=answer.because)


class _Platforms:
    """Which platforms a host is of, each evaluated once."""

    def __init__(self, content: Content, evaluation: OvalEvaluation) -> None:
        self._content = content
        self._evaluation = evaluation
        self._answers: dict[str, Truth] = {}

    def any_of(self, names: Sequence[str]) -> Truth:
        """Return whether the host is of one of some platforms."""
        return combined("OR", [self._named(name) for name in names])

    def _named(self, name: str) -> Truth:
        if name not in self._answers:
            platform = self._content.platforms.get(name)
            self._answers[name] = (
                self._matches(platform) if platform else Truth(None, f"the content has no platform {name}")
            )
        return self._answers[name]

    def _matches(self, platform: ApplicablePlatform) -> Truth:
        parts = [
            self._matches(part)
            if isinstance(part, ApplicablePlatform)
            else self._named(part)
            if part.startswith("cpe:")
            else self._evaluation.definition(part)
            for part in platform.parts
        ]
        return combined(platform.operator, parts).negated(platform.negate)
