"""Whether an output is what botocore's own model says; botocore itself checks no output (F11.8)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import botocore.session
import msgspec
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from openinspector.service.api.model import OWN, own_model
from openinspector.service.api.shapes import Json

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "double": (int, float),
    "timestamp": (int, float),
    "structure": dict,
    "list": list,
    "map": dict,
}
MAY_BE_EMPTY = {"ExclusionMap"}
"""At least one by the model, which leaves no answer where every ARN asked for fails."""


@cache
def service_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("inspector")


@cache
def own_service_model() -> ServiceModel:
    text = files("openinspector.service.api").joinpath(OWN, "service-2.json").read_bytes()
    return ServiceModel(msgspec.json.decode(text))


def check_output(operation: str, output: Json) -> None:
    """Fail unless ``output``, decoded JSON, is one that ``operation`` may give."""
    model = own_service_model() if operation in own_model().operations else service_model()
    shape = model.operation_model(operation).output_shape
    if shape is None:
        assert output == {}
    else:
        _check(output, shape, operation)


def _check(value: Any, shape: Shape, place: str) -> None:
    fits = isinstance(value, TYPES[shape.type_name])
    assert fits, f"{place}: {value!r} is no {shape.type_name}"
    assert shape.type_name == "boolean" or not isinstance(value, bool), place
    _check_bounds(value, shape, place)
    if isinstance(shape, StructureShape):
        assert value.keys() <= shape.members.keys(), f"{place}: unknown {value.keys() - shape.members.keys()}"
        assert value.keys() >= set(shape.required_members), f"{place}: without {shape.required_members}"
        for name, item in value.items():
            _check(item, shape.members[name], f"{place}.{name}")
    elif isinstance(shape, ListShape):
        for item in value:
            _check(item, shape.member, f"{place}[]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            _check(key, shape.key, f"{place} key")
            _check(item, shape.value, f"{place}[{key}]")


def _check_bounds(value: Any, shape: Shape, place: str) -> None:
    if shape.name in MAY_BE_EMPTY and not value:
        return
    size = value if isinstance(value, int | float) else len(value)
    assert size >= shape.metadata.get("min", size), f"{place}: {value!r}"
    assert size <= shape.metadata.get("max", size), f"{place}: {value!r}"
    allowed = getattr(shape, "enum", None)
    assert not allowed or value in allowed, f"{place}: {value!r}"
