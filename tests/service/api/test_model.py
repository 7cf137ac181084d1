"""The committed model is botocore's, and says what the facts say."""

import runpy
from pathlib import Path

from openinspector.service.api.model import load_model

ROOT = Path(__file__).resolve().parents[3]


def test_the_file_is_what_the_installed_botocore_says() -> None:
    render = runpy.run_path(str(ROOT / "scripts" / "service_model.py"))["render"]
    committed = (ROOT / "src/openinspector/service/api/service_model.json").read_text()
    assert committed == render(), "run scripts/service_model.py and read the difference"


def test_there_are_37_operations_and_11_exceptions() -> None:
    model = load_model()
    assert (len(model.operations), sum(shape.exception for shape in model.shapes.values())) == (37, 11)
    assert (model.api_version, model.target_prefix) == ("2016-02-16", "InspectorService")


def test_nine_operations_answer_nothing() -> None:
    silent = {name for name, operation in load_model().operations.items() if operation.output is None}
    assert silent == {
        "DeleteAssessmentRun",
        "DeleteAssessmentTarget",
        "DeleteAssessmentTemplate",
        "RegisterCrossAccountAccessRole",
        "SetTagsForResource",
        "StopAssessmentRun",
        "SubscribeToEvent",
        "UnsubscribeFromEvent",
        "UpdateAssessmentTarget",
    }


def test_every_shape_named_is_there() -> None:
    model = load_model()
    named = {
        name
        for shape in model.shapes.values()
        for name in (*shape.members.values(), shape.member, shape.key, shape.value)
        if name
    }
    named |= {name for operation in model.operations.values() for name in operation.errors}
    assert named <= model.shapes.keys()
