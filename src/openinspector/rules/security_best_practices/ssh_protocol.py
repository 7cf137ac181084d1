"""sshd speaks SSH protocol 2 only (F5.63 rule 2, F5.68).

OpenSSH 7.4 removed protocol 1 from the server (release notes: "Remove server support for the SSH v.1 protocol").
Earlier versions follow ``Protocol``, whose default is ``2`` since 5.4.
"""

import re
from typing import Final

from openinspector.engine.detection import detection
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext
from openinspector.engine.sshd import RESTART, SENSOR, set_to, setting, sshd_of, unknown_setting
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import setting as ground
from openinspector.model.inventory import SshdConfiguration

KEYWORD: Final = "Protocol"
WITHOUT_PROTOCOL_1: Final = (7, 4)
_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge the version, then Protocol."""
    sshd = sshd_of(facts)
    if not isinstance(sshd, SshdConfiguration):
        return sshd
    version = _version(sshd.version)
    if version is not None and version >= WITHOUT_PROTOCOL_1:
        return Passed(evidence=Evidence(statement=f"OpenSSH {sshd.version} does not speak SSH protocol 1"))
    offered = {part.strip() for part in sshd.values.get(KEYWORD.lower(), "").split(",")}
    if offered == {"2"}:
        return Passed(evidence=setting(sshd, KEYWORD))
    # Newer versions ignore the keyword, so it proves nothing if the version is unknown.
    if version is None or "1" not in offered:
        return unknown_setting(KEYWORD, sshd)
    return Detected(
        detections=(
            detection(
                RULE,
                f"Instance {INSTANCE} is configured to support SSH protocol version 1, which contains inherent "
                "design flaws that greatly reduce its security.",
                f"{set_to(sshd, KEYWORD, '2')} {RESTART} Better, update OpenSSH: 7.4 removed protocol 1.",
                Evidence(
                    statement=f"OpenSSH {sshd.version} speaks SSH protocol 1 if Protocol names it",
                    because=(setting(sshd, KEYWORD),),
                ),
                [ground(KEYWORD, sshd.values.get(KEYWORD.lower(), ""))],
            ),
        )
    )


def _version(text: str) -> tuple[int, int] | None:
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


RULE: Final = Rule(
    name="ssh_protocol",
    title="Support SSH version 2 only",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether your instances are configured to support SSH protocol version 1, which "
        "contains inherent design flaws that greatly reduce its security."
    ),
    recommendation=f"Write `{KEYWORD} 2` in /etc/ssh/sshd_config, or update OpenSSH to 7.4 or later. {RESTART}",
    reads=(SshdConfiguration,),
    sensors=(SENSOR,),
    evaluate=evaluate,
    linux_only=True,
)
