"""The one finding a configuration rule makes of a host."""

from collections.abc import Iterable
from typing import Final

from openinspector.engine.evidence import Evidence
from openinspector.engine.rule import Detection, Rule

MAX_LISTED: Final = 100
"""How many of many alike are listed one by one; the rest is counted."""


def detection(rule: Rule, title: str, recommendation: str, evidence: Evidence) -> Detection:
    """Return the rule's only detection on a host: what was found, and where, is its evidence."""
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
    """Return the first of ``found``, and one that counts the others as ``what``."""
    every = tuple(found)
    rest = len(every) - MAX_LISTED
    return every if rest <= 0 else (*every[:MAX_LISTED], Evidence(statement=f"and {rest} more {what}"))
