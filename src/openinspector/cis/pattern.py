"""Tests of paths and names against shell patterns, compiled once: every host is asked for the same patterns."""

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1024)
def matcher(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """Return a test that is true for texts that match one of ``patterns``; ``*`` matches slashes too (fnmatch)."""
    if not any(map(is_pattern, patterns)):
        return frozenset(patterns).__contains__
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns)).match


def is_pattern(text: str) -> bool:
    """Return True if a text has one of the characters of shell patterns."""
    return any(character in text for character in "*?[")
