"""The finding of a configuration rule on a host."""

from collections.abc import Iterable
from typing import Final

from openinspector.engine.evidence import Evidence
from openinspector.engine.rule import Detection, Rule

MAX_LISTED: Final = 100
"""Most similar items that are listed; the rest is counted."""


def detection(rule: Rule, title: str, recommendation: str, evidence: Evidence) -> Detection:
    """Return the only detection of a rule on a host."""
    return Detection(
        subject="",
        rule_id=rule.title,
        title=title,
        description=rule.description,
        recommendation=recommendation,
        severity=rule.severity,
        evidence=evidence,
    )


def listed(found: Iterable[Evidence], what: str) -> tuple[Evidence, ...]:
    """Return the first items of ``found``, and one that counts the others as ``what``."""
    every = tuple(found)
    rest = len(every) - MAX_LISTED
    return every if rest <= 0 else (*every[:MAX_LISTED], Evidence(statement=f"and {rest} more {what}"))
