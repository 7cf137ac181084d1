"""Bounds of the API for texts of findings and exclusions (F6.2, F6.6, F8.3), and characters that are safe to print.

Parts of the texts come from hosts: a path or an account name may have any length and contain escape sequences of
terminals. Cuts and replacements are visible.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from openinspector.model.finding import AnyBody, Attribute, StatedIssue
from openinspector.model.foreign_text import printable, printable_line

MAX_RULE_ID: Final = 128
MAX_TEXT: Final = 20_000
MAX_KEY: Final = 128
MAX_VALUE: Final = 256
MAX_ATTRIBUTES: Final = 50
MAX_EVIDENCE: Final = 100_000

OMITTED_KEY: Final = "ATTRIBUTES_OMITTED"


def fit(text: str, limit: int) -> str:
    """Return ``text``, printable and cut to ``limit`` characters; a cut text ends with an ellipsis."""
    return _cut(printable(text), limit)


def fit_line(text: str, limit: int) -> str:
    """Return ``text`` as one printable line, cut to ``limit`` characters; a cut text ends with an ellipsis."""
    return _cut(printable_line(text), limit)


def _cut(shown: str, limit: int) -> str:
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def fit_body(body: AnyBody) -> AnyBody:
    """Return a body whose rule id, and the texts that a rule stated itself, are within the bounds (F6.2, F6.11).

    Raises msgspec.ValidationError for a stated issue that has a value of a wrong type: its rule may be a plugin's.
    """
    rule_id = body.rule_id
    if len(rule_id) > MAX_RULE_ID or not (rule_id.isascii() and rule_id.isprintable()):
        rule_id = fit_line(rule_id, MAX_RULE_ID)
    if isinstance(body, StatedIssue):
        stated = msgspec.convert(msgspec.to_builtins(body), type=StatedIssue)
        return msgspec.structs.replace(
            stated,
            rule_id=rule_id,
            title=fit_line(stated.title, MAX_TEXT),
            description=fit(stated.description, MAX_TEXT),
            recommendation=fit(stated.recommendation, MAX_TEXT),
            attributes=fit_attributes(stated.attributes),
        )
    return body if rule_id is body.rule_id else msgspec.structs.replace(body, rule_id=rule_id)


def fit_attributes(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """Return ``attributes`` within the bounds; if there are more than 50, the last one has the number omitted."""
    fitted = tuple(map(_fit_attribute, attributes))
    if len(fitted) <= MAX_ATTRIBUTES:
        return fitted
    kept = fitted[: MAX_ATTRIBUTES - 1]
    return (*kept, Attribute(key=OMITTED_KEY, value=str(len(fitted) - len(kept))))


def _fit_attribute(attribute: Attribute) -> Attribute:
    key, value = fit_line(attribute.key, MAX_KEY), fit_line(attribute.value, MAX_VALUE) if attribute.value else None
    if key is attribute.key and value is attribute.value:
        return attribute
    return Attribute(key=key, value=value)
