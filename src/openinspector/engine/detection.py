"""The finding of a configuration rule on a host."""

from collections.abc import Iterable
from typing import Final

from openinspector.engine.rule import Detection, Rule
from openinspector.model.evidence import Evidence
from openinspector.model.finding import StatedIssue
from openinspector.model.ground import Ground

MAX_LISTED: Final = 100
"""Most similar items that are listed; the rest is counted."""


def detection(
    rule: Rule, title: str, recommendation: str, evidence: Evidence, grounds: Iterable[Ground] = ()
) -> Detection:
    """Return the only detection of a rule on a host. ``title`` is a template: `INSTANCE` stands for the host's id."""
    body = StatedIssue(
        rule_id=rule.title,
        severity=rule.severity,
        title=title,
        description=rule.description,
        recommendation=recommendation,
        evidence=evidence,
    )
    return Detection(subject="", body=body, grounds=tuple(grounds))


def listed(found: Iterable[Evidence], what: str) -> tuple[Evidence, ...]:
    """Return the first items of ``found``, and one that counts the others, named ``what``."""
    every = tuple(found)
    rest = len(every) - MAX_LISTED
    return every if rest <= 0 else (*every[:MAX_LISTED], Evidence(statement=f"and {rest} more {what}"))
