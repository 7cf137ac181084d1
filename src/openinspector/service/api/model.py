"""The service models as typed values: operations, shapes, bounds and errors (ADR 0005).

- `load_model`: the vendor's `inspector` 2016-02-16, without its documentation (``service_model.json``).
- `own_model`: our additional operations (ADR 43), in the format of AWS clients: ``models`` is a data path of botocore.
- `api_model`: both. A name that both contain has the same meaning.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

OWN: Final = "models/openinspector/2026-11-25"
_KEPT: Final = ("type", "required", "min", "max", "enum", "pattern", "fault")

ShapeType = Literal["structure", "list", "map", "string", "integer", "long", "double", "boolean", "timestamp"]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shape. Bounds are lengths of texts and lists, or values of numbers."""

    type: ShapeType
    members: dict[str, str] = {}
    """Member name → shape name; only for structures."""
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


def compact(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the relevant part of a model in botocore's format."""
    return {
        "apiVersion": model["metadata"]["apiVersion"],
        "targetPrefix": model["metadata"]["targetPrefix"],
        "operations": {name: _operation(found) for name, found in sorted(model["operations"].items())},
        "shapes": {name: _shape(found) for name, found in sorted(model["shapes"].items())},
    }


@cache
def load_model() -> ServiceModel:
    """Return the vendor's model."""
    text = files("openinspector.service.api").joinpath("service_model.json").read_bytes()
    return msgspec.json.decode(text, type=ServiceModel)


@cache
def own_model() -> ServiceModel:
    """Return the model of our operations."""
    text = files("openinspector.service.api").joinpath(OWN, "service-2.json").read_bytes()
    return msgspec.convert(compact(msgspec.json.decode(text)), ServiceModel)


@cache
def api_model() -> ServiceModel:
    """Return the model of all operations."""
    vendor, own = load_model(), own_model()
    return ServiceModel(
        api_version=vendor.api_version,
        target_prefix=vendor.target_prefix,
        operations={**vendor.operations, **own.operations},
        shapes={**own.shapes, **vendor.shapes},
    )


def target_prefix(operation: str) -> str:
    """Return the prefix of an operation in ``X-Amz-Target``."""
    return own_model().target_prefix if operation in own_model().operations else load_model().target_prefix


def _operation(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "input": found.get("input", {}).get("shape"),
        "output": found.get("output", {}).get("shape"),
        "errors": [error["shape"] for error in found.get("errors", ())],
    }


def _shape(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: found[key] for key in _KEPT if key in found}
    if found.get("exception"):
        kept["exception"] = True
    if "members" in found:
        kept["members"] = {name: member["shape"] for name, member in found["members"].items()}
    if "member" in found:
        kept["member"] = found["member"]["shape"]
    if "key" in found:
        kept |= {"key": found["key"]["shape"], "value": found["value"]["shape"]}
    return kept
