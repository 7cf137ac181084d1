"""Passwords expire within a year (F5.63 rule 4; login.defs(5), shadow(5); decisions: above 365 days or unset).

New accounts get PASS_MAX_DAYS of login.defs; accounts with a password keep their values in shadow. An account
without a usable password has nothing that expires. Without login.defs, new accounts get no maximum age.
"""

import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.engine.completeness import unseen
from openinspector.engine.detection import MAX_LISTED, detection, listed
from openinspector.engine.password_policy import number
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import NOT_SET, Ground, setting, subject
from openinspector.model.inventory import LoginDefinitions, PasswordState, User

MAX_DAYS: Final = 365
NAME: Final = "PASS_MAX_DAYS"
LOGIN_DEFINITIONS: Final = "/etc/login.defs"
SHADOW: Final = "/etc/shadow"


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge login.defs, then each account with a password."""
    gap = unseen(facts, RULE.sensors)
    default, default_is_bad = _default(facts)
    accounts = sorted(
        (user for user in facts.all(User) if user.password is PasswordState.SET),
        key=lambda user: (user.uid, repr(user)),
    )
    lasting = [user for user in accounts if _too_long(user.max_age_days)]
    if default_is_bad or lasting:
        because = (*((default,) if default is not None else ()), *listed(map(_account, lasting), "accounts"))
        evidence = Evidence(statement="Passwords may be kept for more than a year, or forever", because=because)
        title = f"Instance {INSTANCE} is not configured for a maximum age for passwords."
        remedy = "\n".join(_remedy(lasting, default_is_bad=default_is_bad))
        return Detected(
            detections=(detection(RULE, title, remedy, evidence, _grounds(facts, lasting)),), unfinished=gap
        )
    if gap is not None:
        return gap
    statement = f"Each of the {len(accounts)} accounts with a password has a maximum age of at most {MAX_DAYS} days"
    return Passed(evidence=Evidence(statement=statement, because=(default,) if default is not None else ()))


def _grounds(facts: HostFacts, lasting: Iterable[User]) -> Iterator[Ground]:
    definitions = facts.only(LoginDefinitions)
    yield setting("PASS_MAX_DAYS", definitions.values.get("PASS_MAX_DAYS", NOT_SET) if definitions else NOT_SET)
    for user in lasting:
        yield subject("account", f"{user.name} {user.max_age_days}")


def _default(facts: HostFacts) -> tuple[Evidence | None, bool]:
    """Return the value for new accounts and whether it is too long; None if unknown."""
    definitions = facts.only(LoginDefinitions)
    if definitions is None:
        if not facts.complete("login_definitions"):
            return None, False
        return Evidence(statement=f"There is no {LOGIN_DEFINITIONS}: new accounts get no maximum age"), True
    value = definitions.values.get(NAME)
    days = number(value) if value is not None else None
    shown = f"{NAME} is {value}" if value is not None else f"{NAME} is not set"
    return Evidence(statement=f"{shown} (for new accounts)", source=LOGIN_DEFINITIONS), _too_long(days)


def _too_long(days: int | None) -> bool:
    """Return True if a maximum age is unset, negative (chage(1): no limit) or above a year."""
    return days is None or not 0 <= days <= MAX_DAYS


def _account(user: User) -> Evidence:
    age = "no maximum age" if user.max_age_days is None else f"a maximum age of {user.max_age_days} days"
    return Evidence(statement=f"The password of {user.name} (uid {user.uid}) has {age}", source=SHADOW)


def _remedy(lasting: list[User], *, default_is_bad: bool) -> Iterator[str]:
    if default_is_bad:
        yield f"For new accounts, set `{NAME} {MAX_DAYS}` in {LOGIN_DEFINITIONS}."
    if lasting:
        yield "For existing accounts, run as root:"
        # The name comes from the host: it is quoted, so that the copied command runs nothing else.
        yield from (f"chage --maxdays {MAX_DAYS} -- {shlex.quote(user.name)}" for user in lasting[:MAX_LISTED])
        if len(lasting) > MAX_LISTED:
            yield f"and likewise for {len(lasting) - MAX_LISTED} more accounts."


RULE: Final = Rule(
    name="password_maximum_age",
    title="Configure password maximum age",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether the maximum age for passwords is configured on your instances. A password "
        "that must be changed leaves less time to guess it, and a stolen one stops working."
    ),
    recommendation=(
        f"For new accounts, set `{NAME} {MAX_DAYS}` in {LOGIN_DEFINITIONS}; for existing ones, run "
        f"`chage --maxdays {MAX_DAYS} NAME`."
    ),
    reads=(LoginDefinitions, User),
    sensors=("login_definitions", "accounts"),
    evaluate=evaluate,
    linux_only=True,
)
