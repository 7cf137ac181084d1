"""The committed model is botocore's, and says what the facts say."""

import runpy
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ServiceModel

from openinspector.service.api.model import load_model, own_model

ROOT = Path(__file__).resolve().parents[3]


def test_file_agrees_with_installed_botocore() -> None:
    render = runpy.run_path(str(ROOT / "scripts" / "service_model.py"))["render"]
    committed = (ROOT / "src/openinspector/service/api/service_model.json").read_text()
    assert committed == render(), "run scripts/service_model.py and read the difference"


def test_37_operations_and_11_exceptions() -> None:
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


def test_every_named_shape_exists() -> None:
    model = load_model()
    named = {
        name
        for shape in model.shapes.values()
        for name in (*shape.members.values(), shape.member, shape.key, shape.value)
        if name
    }
    named |= {name for operation in model.operations.values() for name in operation.errors}
    assert named <= model.shapes.keys()


def test_shared_shapes_of_both_models_are_equal() -> None:
    theirs, own = load_model(), own_model()
    assert not theirs.operations.keys() & own.operations.keys()
    for name in theirs.shapes.keys() & own.shapes.keys():
        assert theirs.shapes[name] == own.shapes[name], name
    assert own.target_prefix != theirs.target_prefix


def test_own_model_is_readable_by_botocore() -> None:
    loader = Loader(extra_search_paths=[str(ROOT / "src/openinspector/service/api/models")])
    model = ServiceModel(loader.load_service_model("openinspector", "service-2"))
    assert set(model.operation_names) == own_model().operations.keys()
    assert model.signing_name == "inspector"
    for name in model.operation_names:
        operation = model.operation_model(name)
        assert {shape.name for shape in operation.error_shapes} <= own_model().shapes.keys()
