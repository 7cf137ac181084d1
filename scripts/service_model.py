"""Writes service_model.json from the installed botocore's `inspector` 2016-02-16: facts only, no prose.

`tests/service/api/test_model.py` compares the committed file with what this makes.
"""

import json
import sys
from pathlib import Path

from botocore.loaders import Loader

from openinspector.service.api.model import compact

TARGET = Path(__file__).resolve().parent.parent / "src/openinspector/service/api/service_model.json"


def render() -> str:
    """Return the file's text."""
    model = compact(Loader().load_service_model("inspector", "service-2", "2016-02-16"))
    return json.dumps(model, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(TARGET.write_text(render()) == 0)
