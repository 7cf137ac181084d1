"""No service takes a password of less than 14 characters (F5.63 rule 5, F5.66; decisions: length below 14).

The weakest PAM stack of all services counts (`openinspector.engine.password_policy`). If PAM does not set passwords,
the tools of shadow apply PASS_MIN_LEN of login.defs (login.defs(5): "This option is ignored with PAM").
"""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.detection import detection
from openinspector.engine.password_policy import PasswordPolicy, PasswordStack, number, password_policy
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import NOT_SET, Ground, setting
from openinspector.model.inventory import LoginDefinitions, PamConfiguration, PasswordQuality

MIN_LENGTH: Final = 14
_NAME: Final = "PASS_MIN_LEN"
_PATH: Final = "/etc/login.defs"


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge every password stack, or login.defs without one."""
    gap = unseen(facts, ("pam",))
    policy = password_policy(facts)
    if policy.foreign:
        return unable(f"Passwords are set by PAM modules this rule does not know: {', '.join(policy.foreign)}.")
    if policy.stacks:
        return _by_stacks(policy, gap)
    return gap or _without_pam(facts)


def _by_stacks(policy: PasswordPolicy, gap: Unable | None) -> Outcome:
    short = [stack for stack in policy.stacks if stack.length < MIN_LENGTH]
    unknown = " ".join(filter(None, (stack.unknown_quality() for stack in short)))
    # An unread module can only require more: a sufficient length stays so, a short one may not be.
    certain = [stack for stack in short if not stack.unknown_quality()] if gap is None else []
    doubt = gap or (unable(unknown) if unknown else None)
    if certain:
        evidence = Evidence(
            statement=f"Passwords of less than {MIN_LENGTH} characters are taken",
            because=tuple(stack.evidence(_least(stack.length)) for stack in certain),
        )
        return Detected(detections=(detection(RULE, _title(), _PAM, evidence, _grounds(certain)),), unfinished=doubt)
    if doubt is not None:
        return doubt
    return Passed(
        evidence=Evidence(
            statement=f"Every service asks for {MIN_LENGTH} characters or more",
            because=tuple(stack.evidence(_least(stack.length)) for stack in policy.stacks),
        )
    )


def _without_pam(facts: HostFacts) -> Outcome:
    gap = unseen(facts, ("login_definitions",))
    if gap is not None:
        return gap
    definitions = facts.only(LoginDefinitions)
    value = definitions.values.get(_NAME) if definitions else None
    length = number(value) if value is not None else None
    shown = f"{_NAME} is {value}" if value is not None else f"{_NAME} is not set"
    evidence = Evidence(statement=f"PAM sets no passwords here, and {shown}", source=_PATH)
    if length is not None and length >= MIN_LENGTH:
        return Passed(evidence=evidence)
    remedy = f"Set `{_NAME} {MIN_LENGTH}` in {_PATH} (write the file if it does not exist), or set passwords with PAM."
    return Detected(detections=(detection(RULE, _title(), remedy, evidence, [setting(_NAME, value or NOT_SET)]),))


def _grounds(short: Iterable[PasswordStack]) -> Iterator[Ground]:
    return (setting(f"minimum length of {service}", str(stack.length)) for stack in short for service in stack.services)


def _least(length: int) -> str:
    return f"{length} characters" if length else "no minimum length is set"


def _title() -> str:
    return (
        f"Instance {INSTANCE} is not configured for a minimum length for passwords of at least {MIN_LENGTH} characters."
    )


_PAM: Final = (
    f"Install libpwquality (Debian and Ubuntu: `apt install libpam-pwquality`), set `minlen = {MIN_LENGTH}` and no "
    "credit above 0 in /etc/security/pwquality.conf, and remove other values of minlen from the PAM files named. Where "
    f"pam_cracklib.so is used, set `minlen={MIN_LENGTH} dcredit=0 ucredit=0 lcredit=0 ocredit=0` on its line. Every "
    "service named must have the module, as `requisite` or `required`, before the one that sets the password."
)

RULE: Final = Rule(
    name="password_minimum_length",
    title="Configure password minimum length",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether a minimum length for passwords is configured on your instances. Every "
        "additional character makes a password harder to guess."
    ),
    recommendation=_PAM,
    reads=(PamConfiguration, PasswordQuality, LoginDefinitions),
    sensors=("pam", "password_quality", "login_definitions"),
    evaluate=evaluate,
    linux_only=True,
)
