"""Attributes of findings from values: several of one key are several attributes, never one cut value."""

from collections.abc import Iterable
from typing import Final

from openinspector.model.finding import Attribute

MAX_SAME_KEY: Final = 5
"""Most attributes with the same key; the others are counted."""


def several(key: str, values: Iterable[str], omitted: str) -> tuple[Attribute, ...]:
    """Return one attribute per value; beyond `MAX_SAME_KEY`, one under the key ``omitted`` counts the others."""
    every = [value for value in dict.fromkeys(values) if value]
    shown = tuple(Attribute(key=key, value=value) for value in every[:MAX_SAME_KEY])
    return shown if len(every) <= MAX_SAME_KEY else (*shown, Attribute(key=omitted, value=str(len(every) - len(shown))))


def some(key: str, value: str) -> tuple[Attribute, ...]:
    """Return an attribute unless the value is empty."""
    return (Attribute(key=key, value=value),) if value else ()
