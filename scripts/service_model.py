"""Writes service_model.json from the installed botocore's `inspector` 2016-02-16: facts only, no prose.

`tests/service/api/test_model.py` compares the committed file with what this makes.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

TARGET = Path(__file__).resolve().parent.parent / "src/openinspector/service/api/service_model.json"
_KEPT = ("type", "required", "min", "max", "enum", "pattern", "fault")


def service_model() -> dict[str, Any]:
    """Return operations and shapes as botocore's model has them."""
    model = Loader().load_service_model("inspector", "service-2", "2016-02-16")
    return {
        "apiVersion": model["metadata"]["apiVersion"],
        "targetPrefix": model["metadata"]["targetPrefix"],
        "operations": {name: _operation(found) for name, found in sorted(model["operations"].items())},
        "shapes": {name: _shape(found) for name, found in sorted(model["shapes"].items())},
    }


def render() -> str:
    """Return the file's text."""
    return json.dumps(service_model(), indent=1, sort_keys=True) + "\n"


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


if __name__ == "__main__":
    sys.exit(TARGET.write_text(render()) == 0)
