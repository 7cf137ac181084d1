"""Tests of paths and names against shell patterns, compiled once: every host is asked for the same patterns."""

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1024)
def matcher(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """Return a test that is true for texts that match one of ``patterns``; ``*`` matches slashes too (fnmatch)."""
    if not any(character in pattern for pattern in patterns for character in "*?["):
        return frozenset(patterns).__contains__
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns)).match
