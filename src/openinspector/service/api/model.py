"""The published service model as typed values: operations, shapes, bounds and errors (ADR 0005)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

ShapeType = Literal["structure", "list", "map", "string", "integer", "long", "double", "boolean", "timestamp"]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shape. Bounds are lengths of texts and lists, or values of numbers."""

    type: ShapeType
    members: dict[str, str] = {}
    """Member name to shape name, of structures."""
    required: tuple[str, ...] = ()
    member: str = ""
    """Shape of a list's items."""
    key: str = ""
    value: str = ""
    min: float | None = None
    max: float | None = None
    enum: tuple[str, ...] = ()
    pattern: str = ""
    exception: bool = False
    fault: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operation: names of its input, output and error shapes."""

    input: str | None
    output: str | None
    errors: tuple[str, ...]


class ServiceModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The whole model."""

    api_version: str
    target_prefix: str
    operations: Mapping[str, Operation]
    shapes: Mapping[str, Shape]


@cache
def load_model() -> ServiceModel:
    """Return the model that is shipped beside this module."""
    text = files("openinspector.service.api").joinpath("service_model.json").read_bytes()
    return msgspec.json.decode(text, type=ServiceModel)
