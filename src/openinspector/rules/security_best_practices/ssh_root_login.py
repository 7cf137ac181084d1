"""Root cannot log in over SSH (F5.63 rule 1; sshd_config(5), PermitRootLogin).

- ``no`` and ``forced-commands-only`` pass. The vendor's finding says that root can log in "without having to use a
  command authenticated by a public key", and its Amazon Linux images came with ``forced-commands-only``.
- ``yes`` and ``prohibit-password`` are findings. ``prohibit-password``, the default since OpenSSH 7.0, refuses root's
  password but opens a shell to every holder of a key of root's, and the log does not show which person it was.
  The severity is the same (F5.1).
- The rule passes if DenyUsers or AllowUsers refuses root from every address. DenyGroups and AllowGroups are not
  judged.
- Match blocks are evaluated for root from any address. Blocks for particular addresses are not judged.
"""

import re
from typing import Final

from openinspector.engine.detection import detection
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.engine.sshd import (
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

KEYWORD: Final = "PermitRootLogin"
_REFUSING: Final = ("no", "forced-commands-only")
_PERMITTING: Final = ("yes", "prohibit-password", "without-password")


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge PermitRootLogin, DenyUsers and AllowUsers as they apply to root; the weakest configuration counts."""
    sshd = sshd_of(facts)
    if not isinstance(sshd, SshdConfiguration):
        return sshd
    outcomes = [_judge(each) for each in configurations_for(sshd, ROOT)]
    return next((each for kind in (Detected, Unable) for each in outcomes if isinstance(each, kind)), outcomes[0])


def _judge(sshd: SshdConfiguration) -> Detected | Passed | Unable:
    value = sshd.values.get(KEYWORD.lower())
    if value in _REFUSING:
        return Passed(evidence=setting(sshd, KEYWORD))
    if value not in _PERMITTING:
        return unknown_setting(KEYWORD, sshd)
    lists = tuple(setting(sshd, name) for name in ("DenyUsers", "AllowUsers") if name.lower() in sshd.values)
    if _denied(sshd.values.get("denyusers", "")) or not _allowed(sshd.values.get("allowusers", "")):
        return Passed(evidence=Evidence(statement="sshd refuses root from every address", because=lists))
    how = "with a password or a key" if value == "yes" else "with a key of root's"
    return Detected(
        detections=(
            detection(
                RULE,
                f"Instance {INSTANCE} is configured to allow users to log in with root credentials over SSH, "
                f"{how}, without having to use a command authenticated by a public key.",
                f"{set_to(sshd, KEYWORD, 'no')} {RESTART} Log in as another user and use sudo instead.",
                Evidence(statement=f"sshd lets root log in {how}", because=(setting(sshd, KEYWORD), *lists)),
                [ground(name, sshd.values.get(name.lower(), NOT_SET)) for name in (KEYWORD, "DenyUsers", "AllowUsers")],
            ),
        )
    )


def _denied(patterns: str) -> bool:
    return any(_matches(pattern) for pattern in patterns.split() if "@" not in pattern)


def _allowed(patterns: str) -> bool:
    """Return True if AllowUsers admits root from some address; unset, it admits everyone."""
    return not patterns.split() or any(_matches(pattern.partition("@")[0]) for pattern in patterns.split())


def _matches(pattern: str) -> bool:
    """Return True if a pattern of ``*`` and ``?`` (ssh_config(5), PATTERNS) matches root."""
    body = re.sub(r"\*+", "*", pattern)
    parts = ({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in body)
    return re.fullmatch("".join(parts), "root", re.DOTALL) is not None


RULE: Final = Rule(
    name="ssh_root_login",
    title="Disable root login over SSH",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether the SSH daemon is configured to permit logging in to your instance as root. "
        "Root logins over SSH make a successful brute-force attack more likely and hide who acted."
    ),
    recommendation=f"Write `{KEYWORD} no` in /etc/ssh/sshd_config. {RESTART} Use sudo to become root.",
    reads=(SshdConfiguration,),
    sensors=(SENSOR,),
    evaluate=evaluate,
    linux_only=True,
)
