"""A password alone does not open an SSH session (F5.63 rule 3; sshd_config(5)).

sshd takes passwords in two ways: by PasswordAuthentication, and by KbdInteractiveAuthentication if UsePAM lets PAM ask
for one. If AuthenticationMethods asks for a key as well, guessing passwords opens no session, and the rule passes.

Match blocks are evaluated from any address for an ordinary user, and for root if PermitRootLogin accepts passwords.
Blocks for particular addresses or users are not judged: the vendor, too, recommends restricting addresses if
passwords must stay.
"""

from typing import Final

from openinspector.engine.detection import detection
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.engine.sshd import (
    ORDINARY_USER,
    RESTART,
    ROOT,
    SENSOR,
    configurations_for,
    set_to,
    setting,
    sshd_of,
    unknown_setting,
)
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import NOT_SET
from openinspector.model.ground import setting as ground
from openinspector.model.inventory import SshdConfiguration

PASSWORD: Final = "PasswordAuthentication"  # noqa: S105 - a keyword
KEYBOARD: Final = "KbdInteractiveAuthentication"
METHODS: Final = "AuthenticationMethods"


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge both ways and AuthenticationMethods; the weakest configuration counts."""
    sshd = sshd_of(facts)
    if not isinstance(sshd, SshdConfiguration):
        return sshd
    of_root = (each for each in configurations_for(sshd, ROOT) if each.values.get("permitrootlogin") == "yes")
    outcomes = [_judge(each) for each in (*configurations_for(sshd, ORDINARY_USER), *of_root)]
    return next((each for kind in (Detected, Unable) for each in outcomes if isinstance(each, kind)), outcomes[0])


def _judge(sshd: SshdConfiguration) -> Detected | Passed | Unable:
    for keyword in (PASSWORD, KEYBOARD, "UsePAM"):
        if sshd.values.get(keyword.lower()) not in ("yes", "no"):
            return unknown_setting(keyword, sshd)
    on = _on(sshd)
    settings = _settings(sshd)
    if not on:
        return Passed(evidence=Evidence(statement="sshd takes no passwords", because=settings))
    if not _sufficient(sshd.values.get(METHODS.lower(), "any"), on):
        return Passed(evidence=Evidence(statement="A password alone is not enough to log in", because=settings))
    return Detected(
        detections=(
            detection(
                RULE,
                f"Instance {INSTANCE} is configured to support password authentication over SSH. Password "
                "authentication is susceptible to brute-force attacks and should be disabled in favor of key-based "
                "authentication where possible.",
                " ".join(
                    [
                        "First make sure that every user has a key in ~/.ssh/authorized_keys.",
                        *(set_to(sshd, keyword, "no") for keyword in on.values()),
                        RESTART,
                        "If passwords must stay, admit only trusted addresses to the SSH port.",
                    ]
                ),
                Evidence(statement="sshd opens a session to anyone who gives a user's password", because=settings),
                [
                    ground(name, sshd.values.get(name.lower(), NOT_SET))
                    for name in (PASSWORD, KEYBOARD, "UsePAM", METHODS)
                ],
            ),
        )
    )


def _on(sshd: SshdConfiguration) -> dict[str, str]:
    """Return the methods that take a password, as AuthenticationMethods names them, with the keyword of each."""
    ways = {"password": PASSWORD}
    if sshd.values["usepam"] == "yes":
        ways["keyboard-interactive"] = KEYBOARD
    return {method: keyword for method, keyword in ways.items() if sshd.values[keyword.lower()] == "yes"}


def _sufficient(methods: str, on: dict[str, str]) -> bool:
    """Return True if one of the lists of AuthenticationMethods consists of passwords only."""
    if methods.strip().lower() in ("", "any"):
        return True
    lists = ([method.partition(":")[0] for method in one.split(",")] for one in methods.lower().split())
    return any(all(method in on for method in one) for one in lists)


def _settings(sshd: SshdConfiguration) -> tuple[Evidence, ...]:
    keywords = [PASSWORD, KEYBOARD, "UsePAM", *([METHODS] if METHODS.lower() in sshd.values else [])]
    return tuple(setting(sshd, keyword) for keyword in keywords)


RULE: Final = Rule(
    name="ssh_password_authentication",
    title="Disable password authentication over SSH",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether your instances are configured to support password authentication over the "
        "SSH protocol. Passwords are susceptible to brute-force attacks; keys are not."
    ),
    recommendation=f"Write `{PASSWORD} no` and `{KEYBOARD} no` in /etc/ssh/sshd_config and use keys. {RESTART}",
    reads=(SshdConfiguration,),
    sensors=(SENSOR,),
    evaluate=evaluate,
    linux_only=True,
)
