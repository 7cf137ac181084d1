"""Bounds of the API for texts of findings and exclusions (F6.2, F6.6, F8.3), and characters that are safe to print.

Parts of the texts come from hosts: a path or an account name may have any length and contain escape sequences of
terminals. Cuts and replacements are visible.
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

# C0 and C1 except tab and newline; separators and overrides that reorder a line; surrogates.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return ``text`` with control characters, bidirectional overrides and surrogates replaced by U+FFFD."""
    if text.replace("\n", "").isprintable():
        return text
    return _UNPRINTABLE.sub("\ufffd", text)


def fit(text: str, limit: int) -> str:
    """Return ``text``, printable and cut to ``limit`` characters; a cut text ends with an ellipsis."""
    shown = printable(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def fit_attributes(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """Return ``attributes`` within the bounds; if there are more than 50, the last one has the number omitted."""
    fitted = tuple(
        Attribute(key=fit(attribute.key, MAX_KEY), value=fit(attribute.value, MAX_VALUE) if attribute.value else None)
        for attribute in attributes
    )
    if len(fitted) <= MAX_ATTRIBUTES:
        return fitted
    kept = fitted[: MAX_ATTRIBUTES - 1]
    return (*kept, Attribute(key=OMITTED_KEY, value=str(len(fitted) - len(kept))))
