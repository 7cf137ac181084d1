"""New passwords must mix kinds of characters and may not be one of the last 12 (F5.63 rule 6, F5.66, F5.67).

Both conditions are the vendor's. Complexity is required if a credit is negative, ``minclass`` is 2 or more, or
pam_passwdqc.so is in force; history, if ``remember`` of pam_unix.so or pam_pwhistory.so is 12 or more. Every service's
PAM stack must require both (`openinspector.engine.password_policy`). Without PAM, neither is required.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.detection import detection
from openinspector.engine.password_policy import PasswordPolicy, PasswordStack, password_policy
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import Ground, subject
from openinspector.model.inventory import PamConfiguration, PasswordQuality

REMEMBER: Final = 12


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge every password stack."""
    gap = unseen(facts, ("pam",))
    policy = password_policy(facts)
    if policy.foreign:
        return unable(f"Passwords are set by PAM modules this rule does not know: {', '.join(policy.foreign)}.")
    if policy.stacks:
        return _by_stacks(policy, gap)
    if gap is not None:
        return gap
    evidence = Evidence(statement="PAM sets no passwords here: nothing asks for complexity or remembers passwords")
    return _found("No password complexity mechanism or restrictions are", evidence, None, [subject("service", "all")])


def _by_stacks(policy: PasswordPolicy, gap: Unable | None) -> Outcome:
    simple = [stack for stack in policy.stacks if not stack.demands]
    forgetful = [stack for stack in policy.stacks if stack.remembered < REMEMBER]
    unknown = [stack.unknown_quality() for stack in simple] + [stack.unknown_history() for stack in forgetful]
    reasons = " ".join(dict.fromkeys(filter(None, unknown)))
    doubt = gap or (unable(reasons, _TELL) if reasons else None)
    # An unread file can only add requirements, so only stacks without such files are certain to fail.
    sure_simple = [stack for stack in simple if gap is None and not stack.unknown_quality()]
    sure_forgetful = [stack for stack in forgetful if gap is None and not stack.unknown_history()]
    because = (
        *(stack.evidence("simple passwords are taken") for stack in sure_simple),
        *(stack.evidence(_history(stack)) for stack in sure_forgetful if stack not in sure_simple),
    )
    if sure_simple:
        missing = "No password complexity mechanism or restrictions are"
    else:
        missing = f"No memory of the last {REMEMBER} passwords is"
    if because:
        evidence = Evidence(statement=_statement(sure_simple, sure_forgetful), because=because)
        return _found(missing, evidence, doubt, [*_simple(sure_simple), *_forgetful(sure_forgetful)])
    if doubt is not None:
        return doubt
    return Passed(
        evidence=Evidence(
            statement=f"Every service asks for complexity and remembers {REMEMBER} passwords or more",
            because=tuple(stack.evidence(f"{', '.join(stack.demands)}; {_history(stack)}") for stack in policy.stacks),
        )
    )


def _statement(simple: list[PasswordStack], forgetful: list[PasswordStack]) -> str:
    parts = ["nothing asks for complexity"] if simple else []
    parts += [f"fewer than {REMEMBER} earlier passwords are refused"] if forgetful else []
    sentence = " and ".join(parts)
    return sentence[:1].upper() + sentence[1:]


def _history(stack: PasswordStack) -> str:
    return f"{stack.remembered} earlier passwords are refused"


def _simple(stacks: Iterable[PasswordStack]) -> Iterator[Ground]:
    return (subject("takes simple passwords", service) for stack in stacks for service in stack.services)


def _forgetful(stacks: Iterable[PasswordStack]) -> Iterator[Ground]:
    for stack in stacks:
        for service in stack.services:
            yield subject("remembers passwords", f"{service} {stack.remembered}")


def _found(missing: str, evidence: Evidence, doubt: Unable | None, grounds: Iterable[Ground]) -> Detected:
    title = f"{missing} configured on instance {INSTANCE}."
    return Detected(detections=(detection(RULE, title, RULE.recommendation, evidence, grounds),), unfinished=doubt)


_TELL: Final = (
    f"Write `remember={REMEMBER}` as an argument of pam_pwhistory.so, let the agent run as root, and start the "
    "assessment run again."
)

RULE: Final = Rule(
    name="password_complexity",
    title="Configure password complexity",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether a password complexity mechanism is configured on your instances, and "
        f"whether the last {REMEMBER} passwords are refused. Simple and reused passwords increase the chances of "
        "unauthorized users gaining access and misusing accounts."
    ),
    recommendation=(
        "Set `lcredit = -1`, `ucredit = -1`, `dcredit = -1` and `ocredit = -1` in /etc/security/pwquality.conf and "
        "add pam_pwquality.so to the password stack of every named service. Without pwquality, set them as "
        "arguments of pam_cracklib.so. Also set "
        f"`remember={REMEMBER}` as an argument of pam_pwhistory.so, `required` and before pam_unix.so, or of "
        "pam_unix.so itself (Debian and Ubuntu: /etc/pam.d/common-password; Red Hat and its kin: "
        f"`authselect enable-feature with-pwhistory`, then `remember={REMEMBER}` on its line)."
    ),
    reads=(PamConfiguration, PasswordQuality),
    sensors=("pam", "password_quality"),
    evaluate=evaluate,
    linux_only=True,
)
