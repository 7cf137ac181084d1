"""OVAL's functions of variables."""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import product
from math import prod
from typing import Final, TypeAlias

import regex

from openinspector.scap.pattern import Patterns
from openinspector.scap.truth import NotKnownError

MAX_VALUES: Final = 10_000
Values: TypeAlias = tuple[str, ...]
Options: TypeAlias = Mapping[str, str]


def apply(name: str, parts: Sequence[Values], options: Options, patterns: Patterns) -> Values:
    """Return the values of a function. Raises NotKnownError."""
    if prod(max(1, len(part)) for part in parts) > MAX_VALUES:
        raise NotKnownError(f"the function {name} has more than {MAX_VALUES} values")
    if name == "regex_capture":
        return _capture(parts, options, patterns)
    if name not in _FUNCTIONS:
        raise NotKnownError(f"the function {name} is not evaluated")
    return _FUNCTIONS[name](parts, options)


def _concat(parts: Sequence[Values], _options: Options) -> Values:
    return tuple(map("".join, product(*parts)))


def _count(parts: Sequence[Values], _options: Options) -> Values:
    return (str(sum(map(len, parts))),)


def _unique(parts: Sequence[Values], _options: Options) -> Values:
    return tuple(dict.fromkeys(value for part in parts for value in part))


def _capture(parts: Sequence[Values], options: Options, patterns: Patterns) -> Values:
    found = (patterns.search(options.get("pattern", ""), value) for value in parts[0])
    return tuple((match.group(1) or "" if match.re.groups else match[0]) if match else "" for match in found)


def _substring(parts: Sequence[Values], options: Options) -> Values:
    start, length = int(options["substring_start"]), int(options["substring_length"])
    first = max(start, 1) - 1
    return tuple(value[first:] if length < 0 else value[first : first + length] for value in parts[0])


def _split(parts: Sequence[Values], options: Options) -> Values:
    return tuple(piece for value in parts[0] for piece in value.split(options["delimiter"]))


def _begin(parts: Sequence[Values], options: Options) -> Values:
    start = options["character"]
    return tuple(value if value.startswith(start) else start + value for value in parts[0])


def _end(parts: Sequence[Values], options: Options) -> Values:
    end = options["character"]
    return tuple(value if value.endswith(end) else value + end for value in parts[0])


def _escape(parts: Sequence[Values], _options: Options) -> Values:
    return tuple(regex.escape(value, special_only=True) for value in parts[0])


def _arithmetic(parts: Sequence[Values], options: Options) -> Values:
    combine: Callable[[int, int], int] = (
        operator.mul if options.get("arithmetic_operation") == "multiply" else operator.add
    )
    try:
        return tuple(str(reduce(combine, map(int, values))) for values in product(*parts))
    except ValueError:
        raise NotKnownError("arithmetic on something that is not a number") from None


def _glob_to_regex(parts: Sequence[Values], _options: Options) -> Values:
    translated = (regex.escape(value, special_only=True) for value in parts[0])
    return tuple("^" + text.replace(r"\*", "[^/]*").replace(r"\?", "[^./]") + "$" for text in translated)


_FUNCTIONS: Final[Mapping[str, Callable[[Sequence[Values], Options], Values]]] = {
    "concat": _concat,
    "count": _count,
    "unique": _unique,
    "substring": _substring,
    "split": _split,
    "begin": _begin,
    "end": _end,
    "escape_regex": _escape,
    "arithmetic": _arithmetic,
    "glob_to_regex": _glob_to_regex,
}
