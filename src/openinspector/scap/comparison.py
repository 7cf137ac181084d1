"""OVAL's operations on values, and its checks of several results."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from openinspector.scap.pattern import Patterns
from openinspector.scap.truth import NotKnownError, Truth
from openinspector.versions.dpkg import SCHEME as DPKG
from openinspector.versions.rpm import SCHEME as RPM

Ordered: TypeAlias = bool | int | float | tuple[int, ...]
_ORDER: Final[Mapping[str, Callable[[Ordered, Ordered], bool]]] = {
    "equals": operator.eq,
    "not equal": operator.ne,
    "greater than": operator.gt,
    "less than": operator.lt,
    "greater than or equal": operator.ge,
    "less than or equal": operator.le,
}
_DIGITS: Final = re.compile(r"[0-9]+")
_EVR: Final = {"evr_string": RPM, "debian_evr_string": DPKG}


def compare(operation: str, datatype: str, value: str, wanted: str, patterns: Patterns) -> bool:
    """Return True if an item's value satisfies an operation with a wanted value. Raises NotKnownError."""
    match operation:
        case "pattern match":
            return patterns.search(wanted, value) is not None
        case "case insensitive equals" | "case insensitive not equal":
            return (value.casefold() == wanted.casefold()) is (operation == "case insensitive equals")
        case "bitwise and" | "bitwise or":
            left, right = _integer(value), _integer(wanted)
            return (left & right if operation == "bitwise and" else left | right) == right
        case _:
            return _compare_ordered(operation, datatype, value, wanted)


def _compare_ordered(operation: str, datatype: str, value: str, wanted: str) -> bool:
    if datatype == "string" and operation in {"equals", "not equal"}:
        return (value == wanted) is (operation == "equals")
    if operation not in _ORDER or datatype not in {*_PARSERS, *_EVR}:
        raise NotKnownError(f"the operation {operation!r} on the type {datatype} is not evaluated")
    if datatype in _EVR:
        return _ORDER[operation](_EVR[datatype].compare(value, wanted), 0)
    return _ORDER[operation](_PARSERS[datatype](value), _PARSERS[datatype](wanted))


def exists(check: str, count: int) -> bool:
    """Return the result of ``check_existence`` for a number of existing items."""
    match check:
        case "all_exist" | "at_least_one_exists":
            return count > 0
        case "any_exist":
            return True
        case "none_exist":
            return count == 0
        case "only_one_exists":
            return count == 1
        case _:
            raise NotKnownError(f"the existence check {check} is not evaluated")


def checked(check: str, answers: Sequence[Truth]) -> Truth:
    """Return the result of a check over several results; over none it is not known."""
    values = [answer.value for answer in answers]
    because = next((answer.because for answer in answers if answer.value is None), "there is nothing to compare")
    unknown = None in values or not values
    match check:
        case "all":
            value = False if False in values else None if unknown else True
        case "at least one":
            value = True if True in values else None if unknown else False
        case "none satisfy" | "none exist":
            value = False if True in values else None if unknown else True
        case "only one":
            trues = values.count(True)
            value = False if trues > 1 else None if unknown else trues == 1
        case _:
            raise NotKnownError(f"the check {check} is not evaluated")
    return Truth(value, because if value is None else "")


def _boolean(text: str) -> bool:
    return text.strip().lower() in {"true", "1"}


def _integer(text: str) -> int:
    try:
        return int(text.strip(), 10)
    except ValueError:
        raise NotKnownError(f"{text[:40]!r} is not a number") from None


def _number(text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise NotKnownError(f"{text[:40]!r} is not a number") from None


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, _DIGITS.findall(text)))


_PARSERS: Final[Mapping[str, Callable[[str], Ordered]]] = {
    "boolean": _boolean,
    "int": _integer,
    "float": _number,
    "version": _version,
}
