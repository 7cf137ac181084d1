r"""Regular expressions of the content, in PCRE's dialect, with a time limit.

A pattern such as ``MACs (\S+)+!`` takes exponential time on a line that a host chose. The library `regex` knows the
dialect (flags in mid-pattern, ``\h``, POSIX classes), and takes a limit for each search.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

import regex

from openinspector.scap.truth import NotKnownError

T = TypeVar("T")

SECONDS: Final = 0.25
"""Limit of one search. `regex` looks at the clock between its steps: a search was seen to end after 3 s."""
MAX_SLOW: Final = 3
MAX_PATTERN: Final = 8192


class Patterns:
    """The searches of one evaluation. After a few that were too slow, it makes no more: a host must not stall a run."""

    def __init__(self) -> None:
        self._slow = 0

    def search(self, pattern: str, text: str) -> "regex.Match[str] | None":
        """Return the first match in ``text``. Raises NotKnownError for a pattern that is too slow or not understood."""
        return self._limited(pattern, lambda: _compiled(pattern, 0).search(text, timeout=SECONDS))

    def find_all(self, pattern: str, text: str, flags: int) -> "list[regex.Match[str]]":
        """Return every match in ``text``. Raises NotKnownError as `search` does."""
        return self._limited(pattern, lambda: list(_compiled(pattern, flags).finditer(text, timeout=SECONDS)))

    def _limited(self, pattern: str, find: Callable[[], T]) -> T:
        if self._slow >= MAX_SLOW:
            raise NotKnownError("too many patterns of the content take too long on this host")
        try:
            return find()
        except TimeoutError:
            self._slow += 1
            raise NotKnownError(f"the content's pattern takes too long on this host: {pattern[:80]}") from None


@lru_cache(maxsize=4096)
def _compiled(pattern: str, flags: int) -> "regex.Pattern[str]":
    if len(pattern) > MAX_PATTERN:
        raise NotKnownError(f"a pattern of the content has more than {MAX_PATTERN} characters")
    try:
        return regex.compile(pattern, flags)
    except regex.error as error:
        raise NotKnownError(f"the content's pattern is not understood: {error}") from error


MULTILINE: Final = int(regex.MULTILINE)
DOTALL: Final = int(regex.DOTALL)
IGNORECASE: Final = int(regex.IGNORECASE)
_ANY: Final = regex.compile(
    r"(?:\[\^?[^\]]*\]|\\[wSdD])(?:[*+?]|\{\d+(?:,\d*)?\})*|(?<!\\)\.(?:[*+?]|\{\d+(?:,\d*)?\})+"
)
"""Parts that match any character, repeated. A dot alone stands for a dot: content forgets to escape it."""
_GROUP: Final = regex.compile(r"\((?:\?:)?([^()]*)\)(\?)?")
_MAX_EXAMPLES: Final = 64


def examples(pattern: str, *, of_name: bool = False) -> list[str]:
    """Return a path or file name that matches, for each alternative of a pattern.

    Raises NotKnownError if no example can be made. A pattern of paths has to be anchored: else it means paths anywhere.
    """
    body = pattern.removeprefix("^").removesuffix("$")
    if not (of_name or pattern.startswith("^")):
        raise NotKnownError(f"the content's path {pattern[:80]} may be anywhere")
    todo, done = [_ANY.sub("x", body)], []
    while todo:
        text = todo.pop()
        group = _GROUP.search(text)
        if group is None:
            done.append(regex.sub(r"\\(.)", r"\1", text.removesuffix("$")))
        else:
            parts = [*group[1].split("|"), *([""] if group[2] else [])]
            todo += [text[: group.start()] + part + text[group.end() :] for part in parts]
        if len(todo) + len(done) > _MAX_EXAMPLES:
            raise NotKnownError(f"the content's path {pattern[:80]} has too many alternatives")
    if any(_compiled(pattern, 0).search(example, timeout=SECONDS) is None for example in done):
        raise NotKnownError(f"the content's path {pattern[:80]} is not understood")
    return done
