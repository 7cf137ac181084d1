r"""Regular expressions of the content, in PCRE's dialect, with a time limit.

A pattern such as ``MACs (\S+)+!`` takes exponential time on a line that a host chose. The library `regex` knows the
dialect (flags in mid-pattern, ``\h``, POSIX classes), and takes a limit for each search.
"""

from functools import lru_cache
from typing import Final

import regex

from openinspector.scap.truth import NotKnownError

SECONDS: Final = 0.25
MAX_PATTERN: Final = 8192


def search(pattern: str, text: str, flags: int = 0) -> "regex.Match[str] | None":
    """Return the first match in ``text``. Raises NotKnownError for a pattern that is too slow or not understood."""
    try:
        return _compiled(pattern, flags).search(text, timeout=SECONDS)
    except TimeoutError:
        raise NotKnownError(f"the content's pattern takes too long on this host: {pattern[:80]}") from None


def find_all(pattern: str, text: str, flags: int = 0) -> "list[regex.Match[str]]":
    """Return every match in ``text``. Raises NotKnownError as `search` does."""
    try:
        return list(_compiled(pattern, flags).finditer(text, timeout=SECONDS))
    except TimeoutError:
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
_SPECIAL: Final = regex.compile(r"[\\^$.|?*+()\[\]{}]")
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
    if any(search(pattern, example) is None for example in done):
        raise NotKnownError(f"the content's path {pattern[:80]} is not understood")
    return done
