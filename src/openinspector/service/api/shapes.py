"""Inputs parsed and validated against the model, outputs rendered by it.

botocore checks only required members, types and minimums (F11.18, F11.19): everything is checked here. Unknown members
are ignored as AWS does; null stands for absent (F11.7); timestamps are numbers of epoch seconds (F11.5).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from openinspector.service.api.errors import ApiError
from openinspector.service.api.input_codes import InputPath, code_of
from openinspector.service.api.model import Shape, api_model
from openinspector.service.app.errors import InvalidInput

_LAST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z."""
_SHOWN: Final = 80
_LONG: Final = 2**63

Json = Mapping[str, Any]
"""A validated structure: its members are those of the model."""


def parse_input(operation: str, body: bytes) -> Json:
    """Return the validated input; ApiError unless it is a JSON object, InvalidInput if it violates the model."""
    try:
        decoded = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise serialization_error(f"The body is not JSON: {error}") from error
    if not isinstance(decoded, dict):
        raise serialization_error("The body must be a JSON object.")
    shape = api_model().operations[operation].input
    return {} if shape is None else _structure(decoded, shape, InputPath())


def render_output(operation: str, value: object) -> bytes:
    """Return an operation's output; empty for operations without one (F11.35)."""
    if api_model().operations[operation].output is None:
        return b""
    return msgspec.json.encode(wire_value(value))


def wire_value(value: object) -> Any:
    """Return a value for JSON: dataclass fields in lower camel case, absent ones omitted, times as numbers."""
    match value:
        case datetime():
            return value.timestamp()
        case StrEnum():
            return value.value
        case Mapping():
            return {str(key): wire_value(item) for key, item in value.items() if item is not None}
        case str() | int() | float() | bool() | None:
            return value
        case Sequence():
            return [wire_value(item) for item in value]
    if is_dataclass(value):
        found = {field.name: getattr(value, field.name) for field in fields(value)}
        return {camel(name): wire_value(item) for name, item in found.items() if item is not None}
    raise TypeError(f"{type(value).__name__} has no form on the wire")


def camel(name: str) -> str:
    """Return a snake-case name in lower camel case."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def serialization_error(message: str) -> ApiError:
    """Return the answer to a body that violates the protocol."""
    return ApiError("SerializationException", message)


def _structure(value: object, name: str, place: InputPath) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(place, "an object")
    shape = api_model().shapes[name]
    found: dict[str, Any] = {}
    for member, member_shape in shape.members.items():
        at = place.below(name, member)
        given = value.get(member)
        if given is not None:
            found[member] = _value(given, member_shape, at)
        elif member in shape.required:
            raise _violation(at, member_shape, f"{at.path} is required.")
    return found


def _value(value: object, name: str, place: InputPath) -> Any:
    shape = api_model().shapes[name]
    return _PARSERS[shape.type](value, name, place)


def _list(value: object, name: str, place: InputPath) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong_type(place, "a list")
    shape = api_model().shapes[name]
    _check_bounds(len(value), shape, name, place, "items")
    return [_value(item, shape.member, place.item(index)) for index, item in enumerate(value)]


def _string(value: object, name: str, place: InputPath) -> str:
    if not isinstance(value, str):
        raise _wrong_type(place, "a text")
    shape = api_model().shapes[name]
    _check_bounds(len(value), shape, name, place, "characters")
    if "\0" in value:
        raise _violation(place, name, f"{place.path} must not contain NUL, which PostgreSQL cannot keep.")
    if shape.enum and value not in shape.enum:
        raise _violation(place, name, f"{place.path} must be one of {', '.join(shape.enum)}, not {value[:_SHOWN]!r}.")
    if shape.pattern and re.fullmatch(shape.pattern, value) is None:
        raise _violation(place, name, f"{place.path} must match {shape.pattern}.")
    return value


def _integer(value: object, name: str, place: InputPath) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(place, "a whole number")
    if abs(value) >= _LONG:
        raise _violation(place, name, f"{place.path} is out of range.")
    _check_bounds(value, api_model().shapes[name], name, place, "")
    return value


def _boolean(value: object, _name: str, place: InputPath) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(place, "true or false")
    return value


def _timestamp(value: object, name: str, place: InputPath) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(place, "a number of seconds since 1970")
    if not 0 <= value <= _LAST_SECOND:
        raise _violation(place, name, f"{place.path} is out of range; it counts seconds since 1970.")
    return datetime.fromtimestamp(value, UTC)


_PARSERS: Final[Mapping[str, Callable[[object, str, InputPath], Any]]] = {
    "structure": _structure,
    "list": _list,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _check_bounds(size: int, shape: Shape, name: str, place: InputPath, unit: str) -> None:
    least = 0 if unit else -math.inf  # counts are not negative
    low = shape.min if shape.min is not None else least
    high = shape.max if shape.max is not None else math.inf
    if not low <= size <= high:
        allowed = f"{low:g} to {high:g}" if high < math.inf else f"at least {low:g}"
        must = f"have {allowed} {unit}" if unit else f"be {allowed}"
        raise _violation(place, name, f"{place.path} must {must}, not {size}.")


def _violation(place: InputPath, shape: str, message: str) -> InvalidInput:
    return InvalidInput(code_of(place, shape), message)


def _wrong_type(place: InputPath, wanted: str) -> ApiError:
    return serialization_error(f"{place.path} must be {wanted}.")
