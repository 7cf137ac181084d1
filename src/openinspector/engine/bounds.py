"""Texts of findings and exclusions within the API's bounds (F6.2, F6.6, F8.3), and safe to show.

Parts of them come from hosts: a path or an account name may be of any length and hold escape sequences of terminals.
What is cut off or replaced can be seen to be.
"""

import re
from collections.abc import Iterable
from typing import Final

from openinspector.model.finding import Attribute

MAX_RULE_ID: Final = 128
MAX_TEXT: Final = 20_000
MAX_KEY: Final = 128
MAX_VALUE: Final = 256
MAX_ATTRIBUTES: Final = 50
MAX_EVIDENCE: Final = 100_000

OMITTED_KEY: Final = "ATTRIBUTES_OMITTED"

# C0 and C1 but tab and newline; separators and overrides that reorder a line; what UTF-8 cannot carry.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return ``text`` with what no terminal or encoder should be given replaced by U+FFFD."""
    if text.replace("\n", "").isprintable():
        return text
    return _UNPRINTABLE.sub("\ufffd", text)


def fit(text: str, limit: int) -> str:
    """Return ``text``, printable, in at most ``limit`` characters; an ellipsis ends what was longer."""
    shown = printable(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def fit_attributes(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """Return ``attributes`` within the bounds; of more than 50 the last says how many were left out."""
    fitted = tuple(
        Attribute(key=fit(attribute.key, MAX_KEY), value=fit(attribute.value, MAX_VALUE) if attribute.value else None)
        for attribute in attributes
    )
    if len(fitted) <= MAX_ATTRIBUTES:
        return fitted
    kept = fitted[: MAX_ATTRIBUTES - 1]
    return (*kept, Attribute(key=OMITTED_KEY, value=str(len(fitted) - len(kept))))
