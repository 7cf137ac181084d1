"""A password alone does not open an SSH session (F5.63 rule 3; sshd_config(5)).

sshd takes passwords in two ways: PasswordAuthentication, and KbdInteractiveAuthentication where UsePAM lets PAM ask
for one. AuthenticationMethods can ask for a key beside: then nobody gets in by guessing passwords, and the rule passes.
Match blocks that narrow (addresses, groups) are not judged: the vendor, too, bids to restrict addresses where passwords
must stay.
"""

from typing import Final

from openinspector.engine.detection import detection
from openinspector.engine.evidence import Evidence
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext
from openinspector.engine.sshd import RESTART, SENSOR, set_to, setting, sshd_of, unknown_setting
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity
from openinspector.model.inventory import SshdConfiguration

PASSWORD: Final = "PasswordAuthentication"  # noqa: S105 - a keyword
KEYBOARD: Final = "KbdInteractiveAuthentication"
METHODS: Final = "AuthenticationMethods"


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge the two ways and AuthenticationMethods."""
    sshd = sshd_of(facts)
    if not isinstance(sshd, SshdConfiguration):
        return sshd
    for keyword in (PASSWORD, KEYBOARD, "UsePAM"):
        if sshd.values.get(keyword.lower()) not in ("yes", "no"):
            return unknown_setting(keyword, sshd)
    on = _on(sshd)
    said = _settings(sshd)
    if not on:
        return Passed(evidence=Evidence(statement="sshd takes no passwords", because=said))
    if not _sufficient(sshd.values.get(METHODS.lower(), "any"), on):
        return Passed(evidence=Evidence(statement="No password is enough to log in", because=said))
    return Detected(
        detections=(
            detection(
                RULE,
                f"Instance {facts.agent_id} is configured to support password authentication over SSH. Password "
                "authentication is susceptible to brute-force attacks and should be disabled in favor of key-based "
                "authentication where possible.",
                " ".join(
                    [
                        "First see that every user has a key in ~/.ssh/authorized_keys.",
                        *(set_to(sshd, keyword, "no") for keyword in on.values()),
                        RESTART,
                        "Where passwords must stay, admit only trusted addresses to the SSH port.",
                    ]
                ),
                Evidence(statement="sshd opens a session to whoever gives a user's password", because=said),
            ),
        )
    )


def _on(sshd: SshdConfiguration) -> dict[str, str]:
    """Return the methods by which a password is taken, as AuthenticationMethods calls them, with their keyword."""
    ways = {"password": PASSWORD}
    if sshd.values["usepam"] == "yes":
        ways["keyboard-interactive"] = KEYBOARD
    return {method: keyword for method, keyword in ways.items() if sshd.values[keyword.lower()] == "yes"}


def _sufficient(methods: str, on: dict[str, str]) -> bool:
    """Say whether some list of AuthenticationMethods consists of passwords only."""
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
